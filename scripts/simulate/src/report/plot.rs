//! A picture: the score of each persona over the days, the median as a line and p10 to p90 as a band.

use plotters::prelude::*;

use super::figures::scores_after;
use crate::run::Simulation;

/// Width and height of the picture.
const SIZE: (u32, u32) = (1_080, 640);
/// One colour for each persona, in their order.
const COLOURS: [RGBColor; 6] = [
    RGBColor(0x1b, 0x7f, 0x4d),
    RGBColor(0x1f, 0x5f, 0xb4),
    RGBColor(0xb0, 0x3a, 0x8c),
    RGBColor(0x77, 0x77, 0x77),
    RGBColor(0xc0, 0x39, 0x2b),
    RGBColor(0xd0, 0x8a, 0x1d),
];

/// Why there is no picture.
#[derive(Debug)]
pub struct NotDrawn(String);

impl std::fmt::Display for NotDrawn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the picture could not be drawn: {}", self.0)
    }
}

impl std::error::Error for NotDrawn {}

/// The picture as SVG.
pub fn svg(simulation: &Simulation) -> Result<String, NotDrawn> {
    let mut picture = String::new();
    draw(simulation, &mut picture).map_err(|error| NotDrawn(error.to_string()))?;
    Ok(picture)
}

fn draw(simulation: &Simulation, picture: &mut String) -> Result<(), Box<dyn std::error::Error>> {
    let days = usize::try_from(simulation.plan.days)?;
    let root = SVGBackend::with_string(picture, SIZE).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption("Relationship score by day: median, and p10 to p90", ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(48)
        .build_cartesian_2d(0..days.max(1), 0.0..100.0)?;
    chart.configure_mesh().x_desc("day").y_desc("score").light_line_style(TRANSPARENT).draw()?;

    for (at, persona) in simulation.plan.personas.iter().enumerate() {
        let games = simulation.of(at);
        let colour = COLOURS[at % COLOURS.len()];
        let by_day: Vec<[f64; 3]> =
            (0..=days).map(|day| scores_after(&games, day).map(Option::unwrap_or_default)).collect();
        let line = |which: usize| by_day.iter().map(move |scores| scores[which]).enumerate();
        let band = line(0).chain(line(2).rev());
        chart.draw_series(std::iter::once(Polygon::new(band.collect::<Vec<_>>(), colour.mix(0.10))))?;
        chart
            .draw_series(LineSeries::new(line(1), colour.stroke_width(2)))?
            .label(persona.name)
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour.stroke_width(2)));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .draw()?;
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::Plan;

    #[test]
    fn the_picture_names_every_persona() {
        let simulation = Simulation::run(Plan::new(6, 4, "plot"), &|| {});
        let picture = svg(&simulation).unwrap();
        assert!(picture.starts_with("<svg") && picture.trim_end().ends_with("</svg>"));
        for persona in &simulation.plan.personas {
            assert!(picture.contains(persona.name), "{}", persona.name);
        }
    }
}
