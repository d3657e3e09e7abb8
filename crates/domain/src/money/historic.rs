//! Currencies that are or were in ISO 4217 and that no new price may name. Rows of the database may still
//! name them.
//!
//! Source: list three (table A.3, "historic denominations of currencies and funds") of the maintenance
//! agency, as published on 2026-01-01, with the codes that it marks as never having been ISO's; and the codes
//! of list one that have no minor unit: metals, bond units, units of account, the test code and "no
//! currency". List three states no minor units; they are those that list one stated while the code was in
//! use. A code that never had one takes all four digits that the database stores.

/// Alphabetic code and minor-unit digits, sorted by code for a binary search.
#[rustfmt::skip]
pub(super) const CURRENCIES: &[(&str, u8)] = &[
    ("ADP", 0), ("AFA", 2), ("ALK", 2), ("ANG", 2), ("AOK", 2), ("AON", 2), ("AOR", 2), ("ARA", 2),
    ("ARP", 2), ("ARY", 2), ("ATS", 2), ("AYM", 2), ("AZM", 2), ("BAD", 2), ("BEC", 0), ("BEF", 0),
    ("BEL", 0), ("BGJ", 2), ("BGK", 2), ("BGL", 2), ("BGN", 2), ("BOP", 2), ("BRB", 2), ("BRC", 2),
    ("BRE", 2), ("BRN", 2), ("BRR", 2), ("BUK", 2), ("BYB", 0), ("BYR", 0), ("CHC", 2), ("CNX", 2),
    ("CSD", 2), ("CSJ", 2), ("CSK", 2), ("CUC", 2), ("CYP", 2), ("DDM", 2), ("DEM", 2), ("ECS", 2),
    ("ECV", 2), ("EEK", 2), ("EQE", 2), ("ESA", 0), ("ESB", 0), ("ESP", 0), ("FIM", 2), ("FRF", 2),
    ("GEK", 2), ("GHC", 2), ("GHP", 2), ("GNE", 2), ("GNS", 2), ("GQE", 2), ("GRD", 0), ("GWE", 2),
    ("GWP", 2), ("HRD", 2), ("HRK", 2), ("IEP", 2), ("ILP", 2), ("ILR", 2), ("ISJ", 2), ("ITL", 0),
    ("LAJ", 2), ("LSM", 2), ("LTL", 2), ("LTT", 2), ("LUC", 0), ("LUF", 0), ("LUL", 0), ("LVL", 2),
    ("LVR", 2), ("MAF", 2), ("MGF", 0), ("MLF", 2), ("MRO", 2), ("MTL", 2), ("MTP", 2), ("MVQ", 2),
    ("MXP", 2), ("MZE", 2), ("MZM", 2), ("NIC", 2), ("NLG", 2), ("PEH", 2), ("PEI", 2), ("PES", 2),
    ("PLZ", 2), ("PTE", 0), ("RHD", 2), ("ROK", 2), ("ROL", 2), ("RUR", 2), ("SDD", 2), ("SDP", 2),
    ("SIT", 2), ("SKK", 2), ("SLL", 2), ("SRG", 2), ("STD", 2), ("SUR", 2), ("TJR", 2), ("TMM", 2),
    ("TPE", 0), ("TRL", 0), ("UAK", 2), ("UGS", 2), ("UGW", 2), ("USS", 2), ("UYN", 2), ("UYP", 2),
    ("VEB", 2), ("VEF", 2), ("VNC", 2), ("XAG", 4), ("XAU", 4), ("XBA", 4), ("XBB", 4), ("XBC", 4),
    ("XBD", 4), ("XDR", 4), ("XEU", 2), ("XFO", 4), ("XFU", 4), ("XPD", 4), ("XPT", 4), ("XRE", 4),
    ("XSU", 4), ("XTS", 4), ("XUA", 4), ("XXX", 4), ("YDD", 2), ("YUD", 2), ("YUM", 2), ("YUN", 2),
    ("ZAL", 2), ("ZMK", 2), ("ZRN", 2), ("ZRZ", 2), ("ZWC", 2), ("ZWD", 2), ("ZWL", 2), ("ZWN", 2),
    ("ZWR", 2),
];
