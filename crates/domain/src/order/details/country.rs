use crate::Invalid;

/// The codes of ISO 3166-1 alpha-2 that are assigned.
const ASSIGNED: &str = "\
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ \
    CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO \
    FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE \
    JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO \
    MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW \
    PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM \
    TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

/// A country by its code of ISO 3166-1 alpha-2, in upper case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
pub struct Country(String);

impl Country {
    /// Parses a code that is assigned now.
    ///
    /// # Errors
    /// [`Invalid`] when it is none, or not in upper case.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let known = text.len() == 2 && ASSIGNED.split(' ').any(|it| it == text);
        known
            .then(|| Self(text.to_owned()))
            .ok_or(Invalid("must be a country code of ISO 3166-1 alpha-2, such as \"DE\""))
    }

    /// The code, two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_249_codes_are_known_and_no_other_text_is() {
        assert_eq!(ASSIGNED.split(' ').collect::<std::collections::BTreeSet<_>>().len(), 249);
        for known in ["CN", "DE", "US", "AD", "ZW"] {
            assert_eq!(Country::parse(known).unwrap().as_str(), known);
        }
        for bad in ["", "cn", "UK", "XX", "CHN", "C", "C ", " N", "AD AE", "中"] {
            assert!(Country::parse(bad).is_err(), "{bad}");
        }
    }
}
