//! The rules by which a clause states a fact: a pattern, and what it means.

use std::sync::LazyLock;

use regex::Regex;

use super::facts::{Fact, OCCUPATION};
use super::pattern;
use super::values::{Values, third};

/// A pattern, and the fact that it states if the parts make sense.
pub(super) struct Rule {
    pattern: &'static Regex,
    make: fn(&Values<'_>) -> Option<Fact>,
}

/// A time to come.
pub(super) const WHEN: &str = r"(?:tomorrow|tonight|(?:this|next) (?:week(?:end)?|month|year|summer|winter|spring|autumn|fall|evening|\w+day)|(?:on )?(?:mon|tues|wednes|thurs|fri|satur|sun)day|on the \d{1,2}(?:st|nd|rd|th)?|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|in (?:an?|one|two|three|four|\d+) (?:days?|weeks?|months?|years?)|(?:on )?\d{1,2}(?:st|nd|rd|th)? (?:of )?(?:january|february|march|april|may|june|july|august|september|october|november|december)|\d{4}-\d{2}-\d{2})";
/// Somebody who belongs to the player.
pub(super) const PERSON: &str = r"((?:older |younger |little |big |twin |best |ex-?)?(?:sister|brother|mother|mom|mum|father|dad|grandmother|grandma|grandfather|grandpa|wife|husband|girlfriend|boyfriend|partner|fianc[ée]e?|daughter|son|aunt|uncle|cousin|niece|nephew|roommate|flatmate|boss|friend|cat|dog|ex))";
/// What may stand before a verb.
const OFTEN: &str = r"(?: really| also| actually| just| still| now| currently| absolutely| kind of| kinda| totally| usually| often| always| mostly| secretly| recently| finally| do)*";

static IS_OCCUPATION: LazyLock<&Regex> = LazyLock::new(|| pattern(OCCUPATION));
static NO_OCCUPATION: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:lover|loser|beginner|member|(?:grand)?(?:fa|mo)ther|brother|sister|monster|stranger|supporter|twister|disaster|winner|sleeper|morning|human|woman|man|gentleman)\b",
    )
});

#[expect(clippy::unnecessary_wraps, reason = "it is how a rule ends")]
fn fact_of(kind: &'static str, slot: impl Into<String>, content: String) -> Option<Fact> {
    Some(Fact { content, kind, slot: slot.into(), is_single: false, corrects: false })
}

fn single(kind: &'static str, slot: impl Into<String>, content: String) -> Option<Fact> {
    fact_of(kind, slot, content).map(|fact| Fact { is_single: true, ..fact })
}

fn rule(text: &str, make: fn(&Values<'_>) -> Option<Fact>) -> Rule {
    let text = text
        .replace("{AM}", r"i(?:'m| am|m)")
        .replace("{OFTEN}", OFTEN)
        .replace("{PERSON}", PERSON)
        .replace("{WHEN}", WHEN);
    Rule { pattern: pattern(&text), make }
}

impl Rule {
    pub(super) fn read(&self, clause: &str) -> Option<Fact> {
        self.pattern.captures(clause).and_then(|found| (self.make)(&Values(found)))
    }
}

/// What is said about the days to come. Only read where a time is named.
pub(super) static PLANS: LazyLock<Vec<Rule>> = LazyLock::new(|| {
    vec![
        rule(r"\b{AM}{OFTEN} (?:going to|gonna) (.+)", |said| {
            plan(said, &format!("User will {}", said.get(1)?))
        }),
        rule(r"\b{AM}{OFTEN} (\w+ing\b.*)", |said| plan(said, &format!("User is {}", said.get(1)?))),
        rule(r"\b(?:i'll|i will) (.+)", |said| plan(said, &format!("User will {}", said.get(1)?))),
        rule(r"\b(?:i have|i've got|i got) ((?:an?|my|the) .+)", |said| {
            plan(said, &format!("User has {}", said.get(1)?))
        }),
        rule(r"\bi (fly|leave|start|move|travel|arrive|visit|meet|return) (.+)", |said| {
            plan(said, &format!("User {} {}", third(said.raw(1)), said.get(2)?))
        }),
        rule(r"\bmy ([\w-]+(?: [\w-]+)?) is (.+)", |said| {
            plan(said, &format!("User's {} is {}", said.raw(1), said.get(2)?))
        }),
    ]
});

/// What is promised to her is no plan, but a thread.
fn plan(said: &Values<'_>, content: &str) -> Option<Fact> {
    let is_promise = PROMISE.is_match(said.raw(0));
    if is_promise { None } else { fact_of("fact", format!("plan {content}"), content.to_owned()) }
}

/// Something the player says that they will do for her.
pub(super) static PROMISE: LazyLock<&Regex> = LazyLock::new(|| {
    pattern(
        r"\b(?:i'll|i will|i promise(?: to| i'll| that i'll)?|i'm going to|i'm gonna) ((?:tell|show|send|write|text|call|message|let|bring|explain to|make it up to) (?:you|u)\b.*|(?:tell|show|send) (?:it|that|them) to you.*)",
    )
});

/// What is said about anything else.
pub(super) fn rules() -> Vec<Rule> {
    let mut rules = about_oneself();
    rules.extend(about_tastes());
    rules.extend(about_others());
    rules.extend(about_habits());
    rules
}

fn about_oneself() -> Vec<Rule> {
    vec![
        rule(
            r"\b(?:my name is|my name's|my names|(?:you can |people |everyone )?calls? me|{AM} called) ([\p{L}'-]+(?: \p{Lu}[\p{L}'-]+)?)",
            |said| {
                let is_no_name =
                    pattern(r"^(?:back|later|tomorrow|tonight|now|when|if|on|in|a|an|the|crazy|old)\b");
                let name = said.get(1).filter(|name| !is_no_name.is_match(name))?;
                single("personal", "name", format!("User's name is {name}"))
            },
        ),
        rule(r"\b{AM} (?:originally )?from ([^,]+)", |said| {
            fact_of("personal", "origin", format!("User is from {}", said.get(1)?))
        }),
        rule(r"\bi (was born|grew up|was raised) in (.+)", |said| {
            fact_of("personal", "origin", format!("User {} in {}", said.raw(1).to_lowercase(), said.get(2)?))
        }),
        rule(r"\bi(?:'ve| have)?{OFTEN} moved (?:back )?to (.+)", |said| {
            single("personal", "home", format!("User lives in {}", said.get(1)?))
        }),
        rule(r"\b(?:i{OFTEN} (?:live|reside)|{AM}{OFTEN} (?:living|based)) in (.+)", |said| {
            single("personal", "home", format!("User lives in {}", said.get(1)?))
        }),
        rule(r"\bi{OFTEN} live (with .+|alone|by myself|on my own)", |said| {
            fact_of("personal", "household", format!("User lives {}", said.get(1)?))
        }),
        rule(r"\bi{OFTEN} (?:work|worked|am working|'m working) as (.+)", |said| {
            single("personal", "job", format!("User works as {}", said.get(1)?))
        }),
        rule(r"\b{AM}{OFTEN} working as (.+)", |said| {
            single("personal", "job", format!("User works as {}", said.get(1)?))
        }),
        rule(r"\bmy job is (.+)", |said| {
            single("personal", "job", format!("User's job is {}", said.get(1)?))
        }),
        rule(r"\bi{OFTEN} work (at|for|in|on) (.+)", |said| {
            fact_of("personal", "job", format!("User works {} {}", said.raw(1).to_lowercase(), said.get(2)?))
        }),
        rule(r"\b{AM}{OFTEN} (\d{1,2})(?: years old| yo)?$", |said| {
            single("personal", "age", format!("User is {} years old", said.raw(1)))
        }),
        rule(r"\bi(?:'ve| have)?{OFTEN} turned (\d{1,2})\b", |said| {
            single("personal", "age", format!("User is {} years old", said.raw(1)))
        }),
        rule(r"\bmy birthday is (?:on )?(.+)", |said| {
            single("personal", "birthday", format!("User's birthday is {}", said.get(1)?))
        }),
        rule(r"\b{AM}{OFTEN} (?:a )?(?:big |huge |real )?(?:fan of|into|obsessed with) (.+)", |said| {
            fact_of("preference", "taste", format!("User is a fan of {}", said.get(1)?))
        }),
        rule(r"\b{AM}{OFTEN} (an? .+)", |said| {
            let is_mood = pattern(
                r"^an? (?:bit|little|lot|mess|idiot|fool|bad|good|huge|big|few|kid|bot|ghost|total|complete|loser)\b",
            );
            let what = said.get(1).filter(|what| !is_mood.is_match(what))?;
            let content = format!("User is {what}");
            if IS_OCCUPATION.is_match(&content) && !NO_OCCUPATION.is_match(&content) {
                single("personal", "job", content)
            } else {
                fact_of("personal", "self", content)
            }
        }),
        rule(
            r"\b{AM}{OFTEN} (allergic to .+|afraid of .+|scared of .+|vegetarian|vegan|single|married|divorced|engaged|widowed|left-handed|colou?r-?blind|pregnant|unemployed|retired|an only child)",
            |said| fact_of("personal", "self", format!("User is {}", said.get(1)?)),
        ),
        // "I'm Anna": only with the capital, and nothing after it.
        rule(r"^{AM} ((?-i:\p{Lu}\p{Ll}{2,}))$", |said| {
            let is_no_name = pattern(
                r"^(?:fine|good|sorry|back|here|okay|tired|happy|sad|great|alone|ready|sure|done|home|single|.+(?:ish|ese|ian))$",
            );
            let name = said.get(1).filter(|name| !is_no_name.is_match(name))?;
            single("personal", "name", format!("User's name is {name}"))
        }),
    ]
}

fn about_tastes() -> Vec<Rule> {
    vec![
        rule(
            r"\bi(?: no longer|(?: don't| do not) (?:really )?) ?(like|love|enjoy|work|live|eat|drink|smoke|play) (.*?)(?: any ?more| now)$",
            |said| {
                let what = said.get(2)?;
                let ended =
                    fact_of("fact", "ended", format!("User no longer {} {what}", third(said.raw(1))))?;
                Some(Fact { corrects: true, ..ended })
            },
        ),
        rule(r"\bmy favou?rite (\w+(?: \w+)?) (?:is|are) (.+)", |said| {
            let what = said.raw(1).to_lowercase();
            single(
                "preference",
                format!("favourite {what}"),
                format!("User's favourite {what} is {}", said.get(2)?),
            )
        }),
        rule(
            r"\bi{OFTEN} (love|adore|like|enjoy|prefer|hate|can't stand|dislike|loathe|despise|collect) (.+)",
            |said| fact_of("preference", "taste", format!("User {} {}", third(said.raw(1)), said.get(2)?)),
        ),
        rule(r"\bi{OFTEN} (?:don't|do not)(?: really)? (?:like|enjoy) (.+)", |said| {
            fact_of("preference", "taste", format!("User dislikes {}", said.get(1)?))
        }),
    ]
}

fn about_others() -> Vec<Rule> {
    vec![
        rule(r"\bmy {PERSON}(?:'s name is|'s name's| is called| is named|'s called) ([\p{L}'-]+)", |said| {
            let who = said.raw(1).to_lowercase();
            fact_of("personal", format!("person {who}"), format!("User's {who} is called {}", said.get(2)?))
        }),
        rule(
            r"\bmy {PERSON} ((?:(?-i:\p{Lu}[\p{L}-]+) )?(?:is|was|has|had|works?|lives?|died|passed|left|just|got|gets|loves?|likes?|hates?|thinks?|wants?|moved|plays?|studie[sd]|broke|visits?|came|comes|can|can't|doesn't|isn't|speaks?|needs?|never|always)\b.*)",
            |said| {
                let who = said.raw(1).to_lowercase();
                fact_of("personal", format!("person {who}"), format!("User's {who} {}", said.get(2)?))
            },
        ),
        rule(
            r"\bi(?:'ve got| have got| have|'ve){OFTEN} ((?:an?|one|two|three|four|five|six|\d+|no) .+)",
            |said| {
                let passing = pattern(
                    r"^(?:an?|one|two|three|no) (?:quick |small |little |weird |good |bad |long |really |terrible )*(?:questions?|ideas?|feeling|headache|plan|point|theory|minute|second|moment|problem|day|lot|hunch|doubt|crush|clue|time|bit|few|thing|reason|choice|cold|secret|confession|surprise)\b",
                );
                let what = said.get(1).filter(|what| !passing.is_match(what))?;
                fact_of("personal", "has", format!("User has {what}"))
            },
        ),
        rule(
            r"\bi{OFTEN} (broke up with|got|quit|lost) (my .+|engaged|married|divorced|fired|promoted|a new .+)",
            |said| fact_of("fact", "event", format!("User {} {}", said.raw(1).to_lowercase(), said.get(2)?)),
        ),
    ]
}

fn about_habits() -> Vec<Rule> {
    vec![
        rule(r"\bi{OFTEN} (study|speak|play|teach|run|own|write|paint|volunteer at) (.+)", |said| {
            fact_of("fact", "habit", format!("User {} {}", third(said.raw(1)), said.get(2)?))
        }),
        rule(
            r"\b{AM}{OFTEN} ((?:learning|studying|training for|writing|building|working on|preparing|saving for|renovating|planning)\b.+)",
            |said| fact_of("fact", "habit", format!("User is {}", said.get(1)?)),
        ),
        rule(
            r"\bi{OFTEN} (?:don't|do not|never) (drink|smoke|eat|drive|swim|cook|own|have|speak|drive|sleep|work)\b(.*)",
            |said| {
                let what = said.get(2).map(|what| format!(" {what}")).unwrap_or_default();
                fact_of("fact", "habit", format!("User does not {}{what}", said.raw(1).to_lowercase()))
            },
        ),
        rule(r"\bi(?:'ve| have) never (.+)", |said| {
            fact_of("fact", "habit", format!("User has never {}", said.get(1)?))
        }),
        rule(r"\bi used to (.+)", |said| fact_of("fact", "past", format!("User used to {}", said.get(1)?))),
        rule(r"\bi(?:'ve been| was| have been| have| got)(?: been)? diagnosed with (.+)", |said| {
            fact_of("personal", "health", format!("User was diagnosed with {}", said.get(1)?))
        }),
        rule(
            r"\bi{OFTEN} (?:want|plan|hope|dream) to ((?:learn|become|visit|move|travel|study|write|open|buy|build|see|quit|start)\b.+)",
            |said| fact_of("fact", "wish", format!("User wants to {}", said.get(1)?)),
        ),
    ]
}
