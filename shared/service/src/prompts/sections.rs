//! The sections of a prompt, rendered.

use domain::prompt::limits::ItemLimits;
use domain::prompt::section::{Section, SectionId};
use domain::prompt::{Platform, psyche};

use super::reads::Material;
use super::templates::{RenderError, Text};
use super::values::Values;

/// All sections that have something to say, in their order, with at most so many items in each list.
pub(super) fn render(
    material: &Material,
    platform: Platform,
    limits: &ItemLimits,
) -> Result<Vec<Section>, RenderError> {
    let text = Text::of(Values::new(material, platform, limits));
    let mut sections = Vec::with_capacity(SectionId::ALL.len());
    for id in SectionId::ALL {
        let text = match id {
            SectionId::Psyche => psyche::marked(material.briefing.as_ref()),
            id => text.render(id.as_str())?,
        };
        sections.extend(Section::new(id, &text));
    }
    Ok(sections)
}
