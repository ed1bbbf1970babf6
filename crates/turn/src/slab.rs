//! Allocations by their number: found without hashing, and never mistaken for one that had the place before.

use crate::ids::AllocationId;

pub(crate) struct Slab<T> {
    places: Vec<Place<T>>,
    free: Vec<u32>,
}

struct Place<T> {
    generation: u32,
    /// Boxed: the table is small, and growing it moves nothing.
    value: Option<Box<T>>,
}

impl<T> Slab<T> {
    pub(crate) fn new() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }

    pub(crate) fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    /// `None` after 2³² of them, which the limit of allocations forbids.
    pub(crate) fn insert(&mut self, value: T) -> Option<AllocationId> {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let slot = u32::try_from(self.places.len()).ok()?;
                self.places.push(Place { generation: 0, value: None });
                slot
            }
        };
        let place = self.places.get_mut(index(slot))?;
        place.value = Some(Box::new(value));
        Some(AllocationId { slot, generation: place.generation })
    }

    pub(crate) fn remove(&mut self, id: AllocationId) -> Option<T> {
        let place = self.places.get_mut(index(id.slot))?;
        let value = place.value.take_if(|_| place.generation == id.generation)?;
        place.generation = place.generation.wrapping_add(1);
        self.free.push(id.slot);
        Some(*value)
    }

    pub(crate) fn get(&self, id: AllocationId) -> Option<&T> {
        let place = self.places.get(index(id.slot))?;
        place.value.as_deref().filter(|_| place.generation == id.generation)
    }

    pub(crate) fn get_mut(&mut self, id: AllocationId) -> Option<&mut T> {
        let place = self.places.get_mut(index(id.slot))?;
        place.value.as_deref_mut().filter(|_| place.generation == id.generation)
    }
}

fn index(slot: u32) -> usize {
    usize::try_from(slot).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_outlives_what_it_named_and_means_nothing_else() {
        let mut slab = Slab::new();
        let first = slab.insert('a').unwrap();
        assert_eq!(slab.remove(first), Some('a'));
        let second = slab.insert('b').unwrap();
        assert_eq!(second.slot, first.slot);
        assert_eq!((slab.get(first), slab.get(second)), (None, Some(&'b')));
        assert_eq!(slab.get_mut(first), None);
        assert_eq!((slab.remove(first), slab.len()), (None, 1));
    }
}
