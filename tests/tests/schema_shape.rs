//! The shape of the schema as a whole.

use end_to_end::database::TestDatabase;
use store::migrations;

/// case: schema 43
#[tokio::test]
async fn every_table_has_row_security_and_the_shim_runs_twice() {
    let database = TestDatabase::new().await;
    let mut client = database.connect().await;

    let open: Vec<String> = client
        .query_typed(
            "SELECT relname::text AS name FROM pg_class
              WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND NOT relrowsecurity",
            &[],
        )
        .await
        .expect("the tables")
        .iter()
        .map(|row| row.get("name"))
        .collect();
    assert_eq!(open, Vec::<String>::new());

    let again = migrations::run(&mut client).await.expect("a second run");
    assert_eq!(again.applied, Vec::<String>::new());
}
