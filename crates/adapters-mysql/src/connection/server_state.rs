//! What a server is at present, and the settings of a session that follow from it. Both cost round trips, so this
//! happens once for each connection and not for each request.

use std::sync::Once;

use mysql_async::Conn;
use mysql_async::prelude::Queryable;

use super::{BoxError, Consistency};

/// The variables that tell what kind of server it is. A server lists those that it has.
const VARIABLES: &str = "SHOW VARIABLES WHERE Variable_name IN ('read_only', 'innodb_read_only', 'wsrep_on', 'wsrep_sync_wait', \
                         'group_replication_group_name', 'group_replication_consistency', 'check_constraint_checks', \
                         'tidb_enable_check_constraint', 'tidb_txn_mode', 'tidb_constraint_check_in_place', \
                         'tidb_constraint_check_in_place_pessimistic')";
/// The members of the replication group as this server sees them: their states, and which of them is the server.
const MEMBERS: &str =
    "SELECT MEMBER_STATE, MEMBER_ID = @@server_uuid FROM performance_schema.replication_group_members";
/// The state of a member that this server does not hear from, and that is not expelled yet.
const UNREACHABLE: &str = "UNREACHABLE";
/// The bit of `wsrep_sync_wait` for reads, among them `BEGIN`.
const SYNC_WAIT_READS: u64 = 1;

/// What a server can be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerState {
    /// It takes writes.
    Writable,
    /// It answers queries only: a secondary of a group, or a former primary.
    ReadOnly,
}

/// Why a server that answers is not used at all.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum ServerRefusal {
    /// A member that is out of its group would be a second record with a history of its own.
    #[error("the server is not an active member of its replication group: {0}")]
    OutOfGroup(String),
    /// A member whose commits wait until the others answer, and which does not know what they commit meanwhile.
    #[error(
        "the server reaches {reached} of {members} members of its replication group, which is no majority"
    )]
    WithoutMajority { reached: usize, members: usize },
    #[error("the server is not synchronised with its Galera cluster")]
    OutOfCluster,
}

/// The variables of [`VARIABLES`] that the server has.
#[derive(Debug, Default)]
struct Variables {
    read_only: bool,
    /// Whether it replicates by Galera.
    wsrep: bool,
    wsrep_sync_wait: u64,
    /// Whether it belongs to a replication group, active or not.
    group: bool,
    /// Empty if there is no such variable.
    group_consistency: String,
    /// What has to be switched on so that the server enforces the rules of the schema as others do.
    enforcement: Vec<&'static str>,
    /// Whether rules of the schema are ignored, and no session can change that.
    ignores_checks: bool,
}

/// Finds out the state of the server, and makes the session's reads as fresh as is wanted.
pub(super) async fn prepare_session(
    conn: &mut Conn,
    consistency: Consistency,
) -> Result<ServerState, BoxError> {
    let variables = Variables::from_rows(conn.query(VARIABLES).await?);
    if variables.wsrep {
        check_cluster(conn).await?;
    }
    if variables.group {
        check_group(conn).await?;
    }
    for setting in
        consistency_setting(&variables, consistency).into_iter().chain(enforcement_setting(&variables))
    {
        conn.query_drop(setting).await?;
    }
    if variables.ignores_checks {
        warn_of_ignored_checks();
    }
    Ok(if variables.read_only { ServerState::ReadOnly } else { ServerState::Writable })
}

impl Variables {
    fn from_rows(rows: Vec<(String, String)>) -> Self {
        let is_on = |value: &str| value.eq_ignore_ascii_case("ON") || value == "1";
        let mut variables = Self::default();
        for (name, value) in rows {
            match name.to_ascii_lowercase().as_str() {
                "read_only" | "innodb_read_only" => variables.read_only |= is_on(&value),
                "wsrep_on" => variables.wsrep = is_on(&value),
                "wsrep_sync_wait" => variables.wsrep_sync_wait = value.parse().unwrap_or(0),
                "group_replication_group_name" => variables.group = !value.is_empty(),
                "group_replication_consistency" => variables.group_consistency = value.to_ascii_uppercase(),
                "check_constraint_checks" if !is_on(&value) => {
                    variables.enforcement.push("check_constraint_checks = 1");
                }
                "tidb_enable_check_constraint" => variables.ignores_checks = !is_on(&value),
                "tidb_txn_mode" if !value.eq_ignore_ascii_case("pessimistic") => {
                    variables.enforcement.push("tidb_txn_mode = 'pessimistic'");
                }
                "tidb_constraint_check_in_place" if !is_on(&value) => {
                    variables.enforcement.push("tidb_constraint_check_in_place = 1");
                }
                "tidb_constraint_check_in_place_pessimistic" if !is_on(&value) => {
                    variables.enforcement.push("tidb_constraint_check_in_place_pessimistic = 1");
                }
                _ => {}
            }
        }
        variables
    }
}

/// The statement that makes reads wait for what was committed elsewhere; none if nothing has to change. A server's own
/// setting is never made weaker.
fn consistency_setting(variables: &Variables, consistency: Consistency) -> Option<String> {
    if consistency == Consistency::Eventual {
        return None;
    }
    if variables.wsrep && variables.wsrep_sync_wait & SYNC_WAIT_READS == 0 {
        let wait = variables.wsrep_sync_wait | SYNC_WAIT_READS;
        return Some(format!("SET SESSION wsrep_sync_wait = {wait}"));
    }
    let stricter = match variables.group_consistency.as_str() {
        "EVENTUAL" | "BEFORE_ON_PRIMARY_FAILOVER" => "BEFORE",
        "AFTER" => "BEFORE_AND_AFTER",
        // No group, or a setting that includes this one.
        _ => return None,
    };
    variables.group.then(|| format!("SET SESSION group_replication_consistency = '{stricter}'"))
}

/// The statement by which the session's statements wait for locks and check keys and rules themselves, as guards need it;
/// none if nothing has to change.
fn enforcement_setting(variables: &Variables) -> Option<String> {
    let settings = variables.enforcement.join(", ");
    (!settings.is_empty()).then(|| format!("SET SESSION {settings}"))
}

fn warn_of_ignored_checks() {
    static WARNED: Once = Once::new();
    WARNED.call_once(|| {
        tracing::warn!(
            "server ignores CHECK constraints: the schema's second line of defence for money is missing; set \
             tidb_enable_check_constraint before the first migration"
        );
    });
}

/// A server that has left the primary component refuses other statements, but not this one.
async fn check_cluster(conn: &mut Conn) -> Result<(), BoxError> {
    let ready: Option<(String, String)> = conn.query_first("SHOW STATUS LIKE 'wsrep_ready'").await?;
    match ready {
        Some((_, value)) if !value.eq_ignore_ascii_case("ON") => Err(ServerRefusal::OutOfCluster.into()),
        Some(_) | None => Ok(()),
    }
}

/// Whether there is no other server with the same record that this program could be connected to.
pub(crate) async fn counts_as_one_server(conn: &mut Conn) -> Result<bool, BoxError> {
    let variables = Variables::from_rows(conn.query(VARIABLES).await?);
    Ok(!variables.wsrep && !variables.group)
}

/// Whether this server is the only one that takes writes to the record.
pub(crate) async fn counts_as_one_writer(conn: &mut Conn) -> Result<bool, BoxError> {
    let variables = Variables::from_rows(conn.query(VARIABLES).await?);
    if variables.wsrep {
        let size: Option<(String, u64)> = conn.query_first("SHOW STATUS LIKE 'wsrep_cluster_size'").await?;
        return Ok(size.is_none_or(|(_, servers)| servers <= 1));
    }
    if variables.group {
        let mode = "SHOW VARIABLES LIKE 'group_replication_single_primary_mode'";
        let mode: Option<(String, String)> = conn.query_first(mode).await?;
        return Ok(mode.is_some_and(|(_, value)| value.eq_ignore_ascii_case("ON")));
    }
    Ok(true)
}

async fn check_group(conn: &mut Conn) -> Result<(), BoxError> {
    static DENIED: Once = Once::new();
    match conn.query::<(String, bool), _>(MEMBERS).await {
        Ok(members) => Ok(judge_membership(&members)?),
        Err(mysql_async::Error::Server(error)) => {
            DENIED.call_once(|| {
                tracing::warn!(
                    error = error.message,
                    "cannot read performance_schema.replication_group_members, so a server that is out of its \
                     replication group or has no majority in it is not recognised"
                );
            });
            Ok(())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whether the server is active in its group and reaches a majority of it. Each member has its state and whether it is
/// the server itself.
fn judge_membership(members: &[(String, bool)]) -> Result<(), ServerRefusal> {
    let own = members.iter().find(|(_, is_own)| *is_own).map_or("OFFLINE", |(state, _)| state);
    if own != "ONLINE" {
        return Err(ServerRefusal::OutOfGroup(own.to_owned()));
    }
    let reached = members.iter().filter(|(state, _)| state != UNREACHABLE).count();
    if reached * 2 > members.len() {
        return Ok(());
    }
    Err(ServerRefusal::WithoutMajority { reached, members: members.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(rows: &[(&str, &str)]) -> Variables {
        Variables::from_rows(rows.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect())
    }

    #[test]
    fn a_single_server_needs_no_setting() {
        let mariadb = variables(&[("read_only", "OFF"), ("wsrep_on", "OFF"), ("wsrep_sync_wait", "0")]);
        let mysql = variables(&[("read_only", "OFF"), ("group_replication_consistency", "EVENTUAL")]);
        for it in [mariadb, mysql, variables(&[])] {
            assert_eq!(consistency_setting(&it, Consistency::Strict), None, "{it:?}");
        }
    }

    #[test]
    fn reads_wait_in_a_cluster_and_in_a_group_and_no_setting_becomes_weaker() {
        let galera = |wait| variables(&[("wsrep_on", "ON"), ("wsrep_sync_wait", wait)]);
        let group = |level| {
            variables(&[("group_replication_group_name", "a"), ("group_replication_consistency", level)])
        };
        for (it, setting) in [
            (galera("0"), Some("SET SESSION wsrep_sync_wait = 1")),
            (galera("6"), Some("SET SESSION wsrep_sync_wait = 7")),
            (galera("7"), None),
            (group("EVENTUAL"), Some("SET SESSION group_replication_consistency = 'BEFORE'")),
            (group("AFTER"), Some("SET SESSION group_replication_consistency = 'BEFORE_AND_AFTER'")),
            (group("BEFORE"), None),
        ] {
            assert_eq!(consistency_setting(&it, Consistency::Strict).as_deref(), setting, "{it:?}");
            assert_eq!(consistency_setting(&it, Consistency::Eventual), None, "{it:?}");
        }
    }

    #[test]
    fn rules_and_keys_are_enforced_by_each_statement() {
        let mariadb = variables(&[("check_constraint_checks", "OFF")]);
        assert_eq!(enforcement_setting(&mariadb).as_deref(), Some("SET SESSION check_constraint_checks = 1"));
        assert_eq!(enforcement_setting(&variables(&[("check_constraint_checks", "ON")])), None);
        let tidb = |mode, early| {
            variables(&[("tidb_txn_mode", mode), ("tidb_constraint_check_in_place_pessimistic", early)])
        };
        assert_eq!(enforcement_setting(&tidb("pessimistic", "ON")), None);
        assert_eq!(
            enforcement_setting(&tidb("", "OFF")).as_deref(),
            Some("SET SESSION tidb_txn_mode = 'pessimistic', tidb_constraint_check_in_place_pessimistic = 1")
        );
        for (value, ignores) in [("OFF", true), ("ON", false)] {
            assert_eq!(variables(&[("tidb_enable_check_constraint", value)]).ignores_checks, ignores);
        }
        assert!(!variables(&[]).ignores_checks, "a server without such a switch enforces them");
    }

    #[test]
    fn a_server_that_only_reads_is_recognised() {
        for (value, read_only) in [("ON", true), ("OFF", false), ("1", true), ("0", false)] {
            assert_eq!(variables(&[("read_only", value)]).read_only, read_only, "{value}");
        }
    }

    #[test]
    fn a_member_is_used_while_it_is_online_and_reaches_a_majority() {
        let judge = |own: &str, others: &[&str]| {
            let others = others.iter().map(|it| ((*it).to_owned(), false));
            judge_membership(&others.chain([(own.to_owned(), true)]).collect::<Vec<_>>())
        };
        let without_majority = |reached, members| Err(ServerRefusal::WithoutMajority { reached, members });
        for (own, others, expected) in [
            ("ONLINE", &[][..], Ok(())),
            ("ONLINE", &["ONLINE", "ONLINE"], Ok(())),
            ("ONLINE", &["ONLINE", "UNREACHABLE"], Ok(())),
            ("ONLINE", &["RECOVERING", "UNREACHABLE"], Ok(())),
            ("ONLINE", &["UNREACHABLE"], without_majority(1, 2)),
            ("ONLINE", &["UNREACHABLE", "UNREACHABLE"], without_majority(1, 3)),
            ("ONLINE", &["ONLINE", "UNREACHABLE", "UNREACHABLE"], without_majority(2, 4)),
            ("RECOVERING", &["ONLINE", "ONLINE"], Err(ServerRefusal::OutOfGroup("RECOVERING".to_owned()))),
            ("ERROR", &["ONLINE", "ONLINE"], Err(ServerRefusal::OutOfGroup("ERROR".to_owned()))),
        ] {
            assert_eq!(judge(own, others), expected, "{own} {others:?}");
        }
        assert_eq!(judge_membership(&[]), Err(ServerRefusal::OutOfGroup("OFFLINE".to_owned())));
    }
}
