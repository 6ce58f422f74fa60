import { useMutation, useQuery } from "@connectrpc/connect-query";
import { useState } from "react";
import { readError } from "@/api/errors";
import { Badge } from "@/components/Badge";
import { Button } from "@/components/Button";
import { Card } from "@/components/Card";
import { ConfirmDialog } from "@/components/ConfirmDialog";
import { CopyButton } from "@/components/CopyButton";
import { EmptyState } from "@/components/EmptyState";
import { ErrorState } from "@/components/ErrorState";
import { IconButton } from "@/components/IconButton";
import { KeyRound, Plus, Trash2 } from "@/components/icons";
import { RelativeTime } from "@/components/RelativeTime";
import { Table } from "@/components/Table";
import type { Column } from "@/components/Table";
import { useToast } from "@/components/Toast";
import { ExposedKeys } from "@/features/settings/ExposedKeys";
import { NewKeyDialog } from "@/features/settings/NewKeyDialog";
import { Key_Kind } from "@/gen/observe/identity/v1/key_pb";
import type { Key } from "@/gen/observe/identity/v1/key_pb";
import { KeyService } from "@/gen/observe/identity/v1/key_service_pb";
import { useProject } from "@/hooks/useProject";
import styles from "@/features/settings/Settings.module.css";

/** How often the list is asked for again, in milliseconds: a key may be exposed while somebody looks. */
const ASK_EVERY_MS = 5_000;

/** The keys of the project: make, look at, revoke. */
export function KeysCard() {
  const { project, canManage } = useProject();
  const keys = useQuery(KeyService.method.listKeys, { projectId: project.id }, { refetchInterval: ASK_EVERY_MS });
  const [making, setMaking] = useState(false);
  const [revoking, setRevoking] = useState<Key>();
  const toast = useToast();
  const revoke = useMutation(KeyService.method.revokeKey, {
    onSuccess: async () => {
      await keys.refetch();
      setRevoking(undefined);
      toast.ok("Key revoked. It stops working within a minute.");
    },
  });
  const ask = (key: Key) => {
    revoke.reset();
    setRevoking(key);
  };
  const make = canManage && (
    <Button icon={<Plus aria-hidden />} onClick={() => setMaking(true)}>
      New key
    </Button>
  );
  return (
    <Card title="Keys" description="Programs send events with a write key, and read with a secret key." actions={make} bare>
      {keys.isError ? (
        <ErrorState error={keys.error} onRetry={() => void keys.refetch()} />
      ) : (
        <>
          <ExposedKeys keys={keys.data?.keys ?? []} onRevoke={canManage ? ask : undefined} />
          <Table
            label="Keys"
            columns={columns(canManage ? ask : undefined)}
            rows={keys.data?.keys ?? []}
            rowKey={(key) => key.id}
            loading={keys.isPending}
            skeletonRows={2}
            empty={<EmptyState icon={<KeyRound aria-hidden />} title="No keys" text="Without a write key nothing can send events to this project." action={make} />}
          />
        </>
      )}
      <NewKeyDialog open={making} onOpenChange={setMaking} onMade={() => void keys.refetch()} />
      <ConfirmDialog
        open={revoking !== undefined}
        onOpenChange={() => setRevoking(undefined)}
        title={`Revoke “${revoking?.name}”`}
        text="Whatever uses this key is refused within a minute. A revoked key cannot be brought back."
        confirmLabel="Revoke key"
        danger
        typeToConfirm={revoking?.name}
        loading={revoke.isPending}
        error={revoke.error ? readError(revoke.error).message : undefined}
        onConfirm={() => revoking && revoke.mutate({ projectId: project.id, keyId: revoking.id })}
      />
    </Card>
  );
}

function columns(onRevoke?: (key: Key) => void): Column<Key>[] {
  const shown: Column<Key>[] = [
    { key: "name", title: "Name", render: (key) => key.name },
    { key: "kind", title: "Kind", wideOnly: true, render: (key) => <Kind of={key} /> },
    { key: "token", title: "Key", render: (key) => <Token of={key} /> },
    { key: "created", title: "Created", wideOnly: true, render: (key) => <RelativeTime time={key.createdTime} /> },
  ];
  if (!onRevoke) return shown;
  return [
    ...shown,
    {
      key: "revoke",
      title: <span className="visually-hidden">Revoke</span>,
      align: "end",
      render: (key) => <IconButton size="s" label={`Revoke ${key.name}`} icon={<Trash2 />} onClick={() => onRevoke(key)} />,
    },
  ];
}

function Kind({ of: { kind, exposedTime } }: { of: Key }) {
  if (exposedTime) {
    return (
      <Badge tone="bad" shape="▲">
        Secret, exposed
      </Badge>
    );
  }
  return kind === Key_Kind.SECRET ? <Badge tone="warn">Secret</Badge> : <Badge>Write</Badge>;
}

function Token({ of: key }: { of: Key }) {
  return (
    <span className={styles.token}>
      <code>{key.tokenPrefix}…</code>
      {key.writeToken && <CopyButton text={key.writeToken} label="Copy the whole write key" />}
    </span>
  );
}
