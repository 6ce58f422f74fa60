import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import type { ConnectRouter } from "@connectrpc/connect";
import { fail } from "@/fixtures/identity";
import { type AlertChannelSchema, AlertChannelService } from "@/gen/observe/monitor/v1/alert_channel_service_pb";

type ChannelInit = MessageInitShape<typeof AlertChannelSchema>;
const ago = (minutes: number) => timestampFromMs(Date.now() - minutes * 60_000);

export function addFixtures(router: ConnectRouter, variant: string): void {
  const channels: ChannelInit[] = variant === "empty" || variant === "new" ? [] : [
    { id: "c1", name: "On-call bot", address: { case: "webhook", value: { url: "https://bot.example/hooks/observe" } }, createdTime: ago(9_000), lastAttempt: { time: ago(8), delivered: true, statusCode: 204 } },
    { id: "c2", name: "Status board", address: { case: "webhook", value: { url: `https://board.example/${"in/".repeat(30)}` } }, createdTime: ago(9_000), lastAttempt: { time: ago(2), delivered: false, statusCode: 502, message: "the answer had status 502; the next try is in 4 min" } },
    { id: "c3", name: "Old pager", address: { case: "webhook", value: { url: "https://pager.example/x" } }, createdTime: ago(90_000), disabledReason: "the receiver said that it is gone (410)", lastAttempt: { time: ago(9_000), delivered: false, statusCode: 410, message: "gone" } },
  ];
  const judge = (channel: ChannelInit | undefined) => {
    const fields: Record<string, string> = {};
    const url = channel?.address?.case === "webhook" ? (channel.address.value.url ?? "") : "";
    if (!channel?.name) fields["alert_channel.name"] = "must not be empty";
    if (!/^https?:\/\/[^/]*\./.test(url)) fields["alert_channel.webhook.url"] = "must be an http or https URL of a public host";
    if (Object.keys(fields).length > 0) throw fail(Code.InvalidArgument, "invalid request", "INVALID_REQUEST", fields);
  };
  router.rpc(AlertChannelService.method.listAlertChannels, () => ({ alertChannels: channels }));
  router.rpc(AlertChannelService.method.createAlertChannel, ({ alertChannel }) => {
    judge(alertChannel);
    const made = { ...alertChannel, id: `c${channels.length + 9}`, createdTime: ago(0) } as ChannelInit;
    channels.push(made);
    return { alertChannel: made, secret: "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD" };
  });
  router.rpc(AlertChannelService.method.updateAlertChannel, ({ alertChannel }) => {
    judge(alertChannel);
    const found = channels.find(({ id }) => id === alertChannel?.id)!;
    return { alertChannel: Object.assign(found, { name: alertChannel?.name, address: alertChannel?.address, disabledReason: "" }) };
  });
  router.rpc(AlertChannelService.method.deleteAlertChannel, ({ alertChannelId }) => {
    channels.splice(channels.findIndex(({ id }) => id === alertChannelId), 1);
    return {};
  });
  router.rpc(AlertChannelService.method.testAlertChannel, ({ alertChannelId }) =>
    alertChannelId === "c1"
      ? { attempt: { time: ago(0), delivered: true, statusCode: 204 } }
      : { attempt: { time: ago(0), delivered: false, statusCode: 502, message: "the answer had status 502" } },
  );
}
