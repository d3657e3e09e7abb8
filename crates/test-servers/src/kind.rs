//! The kinds of servers, one for each module.

pub(crate) mod mariadb;
pub(crate) mod memcached;
pub(crate) mod redis;
