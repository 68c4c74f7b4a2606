//! Names: by which of them her people are meant.
//!
//! | said | meant |
//! |---|---|
//! | a name of the circle | that one |
//! | lena kowalski, ana | Lena |
//! | viktor orlov | Viktor |
//! | yuki tanaka | Yuki |
//! | miriam, dr miriam, dr. m, therapist | Dr. Miriam |
//! | mom, mum, mother, mama | Katya |
//! | dad, father, papa | Alexei |
//! | max, in an event of her work | Max K., the colleague |
//! | max, otherwise | the former partner |
//!
//! In any case, trimmed.

use crate::life::event::Domain;

/// The colleague.
pub const COLLEAGUE_MAX: &str = "Max K.";
/// The former partner: a part of her past, stored nowhere.
pub const FORMER_PARTNER: &str = "Max";

const ALIASES: [(&str, &str); 15] = [
    ("lena kowalski", "Lena"),
    ("ana", "Lena"),
    ("viktor orlov", "Viktor"),
    ("yuki tanaka", "Yuki"),
    ("miriam", "Dr. Miriam"),
    ("dr miriam", "Dr. Miriam"),
    ("dr. m", "Dr. Miriam"),
    ("therapist", "Dr. Miriam"),
    ("mom", "Katya"),
    ("mum", "Katya"),
    ("mother", "Katya"),
    ("mama", "Katya"),
    ("dad", "Alexei"),
    ("father", "Alexei"),
    ("papa", "Alexei"),
];

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// One of her circle.
    Circle(String),
    /// The one before the player.
    FormerPartner(String),
    /// Somebody or something else.
    Other(String),
}

/// Who is meant by a name in an event of that domain.
pub fn canonical(name: &str, circle: &[&str], domain: Domain) -> Named {
    let name = name.trim();
    let said = name.to_lowercase();
    let member = circle.iter().find(|member| member.to_lowercase() == said).copied();
    let alias = || ALIASES.iter().find(|(alias, _)| *alias == said).map(|(_, meant)| *meant);
    if let Some(meant) = member.or_else(alias) {
        Named::Circle(meant.to_owned())
    } else if said != FORMER_PARTNER.to_lowercase() {
        Named::Other(name.to_owned())
    } else if domain == Domain::Work {
        Named::Other(COLLEAGUE_MAX.to_owned())
    } else {
        Named::FormerPartner(FORMER_PARTNER.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::super::roster::CORE_NAMES;
    use super::*;

    #[test]
    fn aliases_mean_one_of_hers_and_max_depends() {
        let of = |name, domain| canonical(name, &CORE_NAMES, domain);
        let circle = |name: &str| Named::Circle(name.to_owned());
        let other = |name: &str| Named::Other(name.to_owned());
        for (name, domain, meant) in [
            (" lena ", Domain::Social, circle("Lena")),
            ("DR. MIRIAM", Domain::Personal, circle("Dr. Miriam")),
            ("Mum", Domain::Personal, circle("Katya")),
            ("max", Domain::Work, other("Max K.")),
            ("Max", Domain::Social, Named::FormerPartner("Max".into())),
            ("Max K.", Domain::Social, other("Max K.")),
            ("Marco", Domain::Social, other("Marco")),
        ] {
            assert_eq!(of(name, domain), meant, "{name}");
        }
        assert_eq!(canonical("marco", &["Marco"], Domain::Work), circle("Marco"));
        assert!(ALIASES.iter().all(|(_, meant)| CORE_NAMES.contains(meant)));
    }
}
