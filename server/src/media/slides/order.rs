//! The order in which a template's fields are asked for: a level before all else, texts from the largest letters to the smallest, days,
//! addresses, pictures.

use std::cmp::Reverse;

use super::template::{Block, Field, FieldKind, Part, Template};

impl Template {
    /// Fields by name in this order; of those that are alike the one that a slide shows first.
    #[must_use]
    pub fn in_order(&self) -> Vec<(&str, &Field)> {
        let mut fields: Vec<_> = self.fields.iter().map(|(name, field)| (name.as_str(), field)).collect();
        // Compositions are made for smaller boards first: the last one shows everything.
        let blocks = || self.variants.iter().rev().flat_map(|variant| &variant.blocks);
        let parts =
            || blocks().filter_map(|block| if let Block::Text(text) = block { Some(&text.parts) } else { None }).flatten();
        let says = |part: &Part, name: &str| part.say.field() == Some(name);
        fields.sort_by_key(|(name, field)| {
            let rank = match field.kind {
                FieldKind::Level => 0,
                FieldKind::Text => 1,
                FieldKind::Date => 2,
                FieldKind::Address => 3,
                FieldKind::Picture => 4,
            };
            let first = parts().position(|part| says(part, name)).unwrap_or(usize::MAX);
            let size = parts().find(|part| says(part, name)).map_or(0.0, |part| part.size[1]);
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a side, at most 2")]
            let size = (size * 1000.0) as u32;
            (rank, Reverse(size), first)
        });
        fields
    }
}
