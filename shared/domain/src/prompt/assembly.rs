//! Assembly: sections joined by a blank line, within the platform's budget.
//!
//! Over the budget, in this order until it fits: the vices go, the chapter's behaviour goes, memories shrink (facts to
//! 10, episodes and her events to 5), the psychological depth goes, then the lists of memory, continuity and inner life
//! are halved until nothing is left of them. The sections of who she is, what always holds, how she writes, and the
//! footer never go. The last resort cuts the text itself.

use super::Platform;
use super::limits::ItemLimits;
use super::section::{Section, SectionId};
use crate::tokens;

/// What a prompt may count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Below this it is worth a line in the debug log.
    pub min: usize,
    /// It never counts more.
    pub max: usize,
}

impl Budget {
    /// The budget of a platform, in tokens of four characters.
    pub const fn of(platform: Platform) -> Self {
        match platform {
            Platform::Text => Self { min: 5_500, max: 6_500 },
            Platform::Voice => Self { min: 2_800, max: 3_500 },
        }
    }
}

/// A prompt within its budget.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assembled {
    /// The whole text.
    pub text: String,
    /// What it counts.
    pub tokens: usize,
    /// The sections in it, and what each counts.
    pub sections: Vec<(SectionId, usize)>,
    /// The sections that went.
    pub dropped: Vec<SectionId>,
    /// How many items of each list were printed at most.
    pub limits: ItemLimits,
}

/// Renders and fits a prompt. `render` makes the sections with at most so many items in each list, in order; when it
/// cannot, neither can this.
pub fn assemble<E>(
    platform: Platform,
    budget: Budget,
    render: impl Fn(&ItemLimits) -> Result<Vec<Section>, E>,
) -> Result<Assembled, E> {
    let limits = ItemLimits::of(platform);
    let mut draft = Draft { sections: render(&limits)?, dropped: Vec::new(), limits };
    for step in [Step::Drop(1), Step::Drop(2), Step::FewerMemories, Step::Drop(3)] {
        if draft.tokens() <= budget.max {
            break;
        }
        match step {
            Step::Drop(rank) => draft.drop_rank(rank),
            Step::FewerMemories => draft.shrink(draft.limits.fewer_memories(), &render)?,
        }
    }
    while draft.tokens() > budget.max
        && let Some(limits) = draft.limits.halved()
    {
        draft.shrink(limits, &render)?;
    }
    Ok(draft.finish(budget))
}

enum Step {
    Drop(u8),
    FewerMemories,
}

struct Draft {
    sections: Vec<Section>,
    dropped: Vec<SectionId>,
    limits: ItemLimits,
}

impl Draft {
    fn text(&self) -> String {
        self.sections.iter().map(|section| section.text.as_str()).collect::<Vec<_>>().join("\n\n")
    }

    fn tokens(&self) -> usize {
        tokens::count(&self.text())
    }

    fn drop_rank(&mut self, rank: u8) {
        let gone = self.sections.extract_if(.., |section| section.droppable_rank == Some(rank));
        self.dropped.extend(gone.map(|section| section.id));
    }

    fn shrink<E>(
        &mut self,
        limits: ItemLimits,
        render: impl Fn(&ItemLimits) -> Result<Vec<Section>, E>,
    ) -> Result<(), E> {
        self.limits = limits;
        self.sections = render(&limits)?;
        self.sections.retain(|section| !self.dropped.contains(&section.id));
        Ok(())
    }

    fn finish(self, budget: Budget) -> Assembled {
        let text = self.text();
        let fits = tokens::count(&text) <= budget.max;
        let text = if fits { text } else { tokens::truncate_to_budget(&text, budget.max) };
        Assembled {
            tokens: tokens::count(&text),
            text,
            sections: self
                .sections
                .iter()
                .map(|section| (section.id, tokens::count(&section.text)))
                .collect(),
            dropped: self.dropped,
            limits: self.limits,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;

    use super::*;

    fn section(id: SectionId, tokens: usize) -> Section {
        Section::new(id, &"x".repeat(tokens * 4)).expect("not blank")
    }

    /// Sections of so many tokens; the memory grows by 30 tokens with each fact.
    fn sections(facts: usize) -> impl Fn(&ItemLimits) -> Result<Vec<Section>, Infallible> {
        move |limits| {
            Ok(vec![
                section(SectionId::Identity, 400),
                section(SectionId::Memory, 10 + 30 * facts.min(limits.facts)),
                section(SectionId::PsychologicalDepth, 300),
                section(SectionId::ChapterBehaviour, 300),
                section(SectionId::Vices, 200),
                section(SectionId::Footer, 300),
            ])
        }
    }

    fn with_max(max: usize, facts: usize) -> Assembled {
        let Ok(built) = assemble(Platform::Text, Budget { min: 0, max }, sections(facts));
        built
    }

    // case: pipeline 44
    #[test]
    fn a_prompt_slightly_too_long_loses_its_vices_and_keeps_its_footer() {
        let built = with_max(1_450, 0);
        assert_eq!(built.dropped, [SectionId::Vices]);
        assert_eq!(built.sections.last().map(|(id, _)| *id), Some(SectionId::Footer));
        assert!(built.tokens <= 1_450);
    }

    #[test]
    fn sections_go_and_lists_shrink_in_order() {
        for (max, dropped, facts) in [
            (2_300, vec![], 20),
            (1_950, vec![SectionId::Vices], 20),
            (1_700, vec![SectionId::Vices, SectionId::ChapterBehaviour], 20),
            (1_400, vec![SectionId::Vices, SectionId::ChapterBehaviour], 10),
            (1_100, vec![SectionId::Vices, SectionId::ChapterBehaviour, SectionId::PsychologicalDepth], 10),
            (800, vec![SectionId::Vices, SectionId::ChapterBehaviour, SectionId::PsychologicalDepth], 2),
        ] {
            let built = with_max(max, 25);
            assert_eq!((&built.dropped, built.limits.facts), (&dropped, facts), "within {max}");
            assert!(built.tokens <= max);
        }
    }

    #[test]
    fn the_last_resort_cuts_the_text() {
        let built = with_max(500, 25);
        assert!(built.tokens <= 500 && built.text.ends_with("..."));
    }

    proptest! {
        #[test]
        fn no_prompt_is_over_its_budget(max in 200_usize..3_000, facts in 0_usize..40) {
            prop_assert!(with_max(max, facts).tokens <= max);
        }
    }
}
