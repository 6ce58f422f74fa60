//! What names, keys and values there are.

use observe_proto::events::v1::property_definition::Type;
use observe_proto::events::v1::{
    ListEventDefinitionsRequest, ListPropertyDefinitionsRequest, ListPropertyValuesRequest,
};
use observe_testkit::eventually;

use crate::support::{DEADLINE, TestEvents, event, project};

#[tokio::test(flavor = "multi_thread")]
async fn names_and_keys_are_counted_once_across_a_restart() {
    let events = TestEvents::start().await;
    let p = project(1);
    let make = |n: u128, name: &str, properties: &str| {
        let mut event = event(n);
        event.name = name.into();
        event.properties_json = properties.into();
        event
    };
    let batch = vec![
        make(1, "viewed", r#"{"path":"/a","width":1440}"#),
        make(2, "viewed", r#"{"path":"/b","width":"wide"}"#),
        make(3, "clicked", r#"{"path":"/a","on":true,"none":null}"#),
    ];
    events.write(p, batch.clone()).await.unwrap();
    events.write(p, batch).await.unwrap();
    events.at_rest(p, 6).await;
    counted(&events, 3).await;
    let stores = events.stop().await;
    let events = TestEvents::start_on(stores).await;
    events.write(p, vec![make(4, "viewed", "{}")]).await.unwrap();
    counted(&events, 4).await;

    let mut client = events.events(p);
    let names =
        client.list_event_definitions(ListEventDefinitionsRequest::default()).await.unwrap();
    let names: Vec<_> =
        names.into_inner().event_definitions.into_iter().map(|d| (d.name, d.event_count)).collect();
    assert_eq!(names, [("viewed".into(), 3), ("clicked".into(), 1)]);
    let request = ListPropertyDefinitionsRequest::default();
    let keys =
        client.list_property_definitions(request).await.unwrap().into_inner().property_definitions;
    let keys: Vec<_> = keys.iter().map(|d| (d.key.as_str(), d.r#type(), d.event_count)).collect();
    assert_eq!(
        keys,
        [("path", Type::String, 3), ("width", Type::Mixed, 2), ("on", Type::Boolean, 1)]
    );
    let request =
        ListPropertyDefinitionsRequest { event_name: "clicked".into(), ..Default::default() };
    let keys =
        client.list_property_definitions(request).await.unwrap().into_inner().property_definitions;
    assert_eq!(keys.len(), 2);
    let request = ListPropertyValuesRequest { property: "path".into(), ..Default::default() };
    let values = client.list_property_values(request.clone()).await.unwrap().into_inner().values;
    let values: Vec<_> = values.into_iter().map(|v| (v.value, v.event_count)).collect();
    assert_eq!(values, [("/a".into(), 2), ("/b".into(), 1)]);
    let request = ListPropertyValuesRequest { search: "B".into(), ..request };
    assert_eq!(client.list_property_values(request).await.unwrap().into_inner().values.len(), 1);
    let mut stranger = events.events(project(2));
    let theirs =
        stranger.list_event_definitions(ListEventDefinitionsRequest::default()).await.unwrap();
    assert!(theirs.into_inner().event_definitions.is_empty());
}

async fn counted(events: &TestEvents, wanted: i64) {
    let mut client = events.events(project(1));
    eventually(DEADLINE, "the definitions to have counted", async || {
        let answer =
            client.list_event_definitions(ListEventDefinitionsRequest::default()).await.ok()?;
        let count: i64 = answer.into_inner().event_definitions.iter().map(|d| d.event_count).sum();
        assert!(count <= wanted, "no event counts twice");
        (count == wanted).then_some(())
    })
    .await;
}
