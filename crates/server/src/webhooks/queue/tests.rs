//! Stories of one receiver, and what holds whatever it does.

use proptest::prelude::*;

use super::*;

fn settings() -> Settings {
    Settings {
        max_events: 4,
        max_bytes: 1_000,
        max_flights: 2,
        first_pause: Duration::from_millis(100),
        longest_pause: Duration::from_millis(400),
        max_age: Duration::from_secs(10),
    }
}

fn item(lane: u64, sequence: u64) -> Item<(u64, u64)> {
    Item { lane: LaneId(lane), sequence, cost: 10, what: (lane, sequence) }
}

type Out = Output<(u64, u64)>;

fn send(lane: u64, sequence: u64) -> Out {
    Output::Send { lane: LaneId(lane), what: (lane, sequence) }
}

fn lost(lane: u64, sequence: u64, why: Loss) -> Out {
    Output::Lost { lane: LaneId(lane), sequence, why }
}

struct Story {
    queue: Queue<(u64, u64)>,
    now: Timestamp,
}

impl Story {
    fn begin() -> Self {
        Self { queue: Queue::new(settings()), now: Timestamp(1_000) }
    }

    fn outputs(&mut self) -> Vec<Out> {
        std::iter::from_fn(|| self.queue.poll_output()).collect()
    }

    fn tell(&mut self, lane: u64, sequence: u64) -> Vec<Out> {
        self.queue.handle_event(item(lane, sequence), self.now);
        self.outputs()
    }

    fn answer(&mut self, lane: u64, answer: Answer) -> Vec<Out> {
        self.queue.handle_answer(LaneId(lane), answer, self.now, 0);
        self.outputs()
    }

    fn wait(&mut self, millis: u64) -> Vec<Out> {
        self.now = Timestamp(self.now.0 + millis);
        self.queue.handle_timeout(self.now);
        self.outputs()
    }
}

#[test]
fn a_room_waits_for_its_own_answers_and_no_other_rooms() {
    let mut story = Story::begin();
    assert_eq!(story.tell(1, 1), [send(1, 1)]);
    assert_eq!(story.tell(1, 2), []);
    assert_eq!(story.tell(2, 1), [send(2, 1)]);
    assert_eq!(story.answer(1, Answer::Delivered), [send(1, 2)]);
    assert_eq!(story.answer(2, Answer::Delivered), []);
    assert_eq!(story.answer(1, Answer::Delivered), []);
    assert_eq!((story.queue.events(), story.queue.lanes.len()), (0, 0));
    assert_eq!(story.queue.poll_timeout(), None);
}

#[test]
fn what_failed_is_tried_again_after_ever_longer_pauses() {
    let mut story = Story::begin();
    story.tell(1, 1);
    for pause in [50, 100, 200, 200] {
        assert_eq!(story.answer(1, Answer::Failed), []);
        assert_eq!(story.queue.poll_timeout(), Some(Timestamp(story.now.0 + pause)));
        assert_eq!(story.wait(pause - 1), []);
        assert_eq!(story.wait(1), [send(1, 1)]);
    }
    assert_eq!(story.answer(1, Answer::Delivered), []);
}

#[test]
fn a_receiver_that_is_not_there_is_asked_by_one_event_at_a_time() {
    let mut story = Story::begin();
    story.tell(1, 1);
    story.answer(1, Answer::Failed);
    assert_eq!(story.tell(2, 1), []);
    assert_eq!(story.tell(3, 1), []);
    assert_eq!(story.wait(50), [send(2, 1)], "who has waited least for a try is not first");
    assert_eq!(story.answer(2, Answer::Delivered), [send(3, 1), send(1, 1)], "it is back");
}

#[test]
fn what_is_not_wanted_holds_up_its_own_room_alone() {
    let mut story = Story::begin();
    story.tell(1, 1);
    assert_eq!(story.answer(1, Answer::Rejected), []);
    assert_eq!(story.tell(2, 1), [send(2, 1)]);
    assert_eq!(story.tell(1, 2), []);
    assert_eq!(story.answer(2, Answer::Delivered), []);
    assert_eq!(story.wait(50), [send(1, 1)]);
}

#[test]
fn the_oldest_that_is_not_on_its_way_gives_way() {
    let mut story = Story::begin();
    story.tell(1, 1);
    story.tell(1, 2);
    story.tell(2, 1);
    story.tell(3, 1);
    assert_eq!(story.tell(3, 2), [lost(1, 2, Loss::Overflow)]);
    assert_eq!(story.tell(1, 3), [lost(3, 1, Loss::Overflow)]);
    assert_eq!(story.answer(1, Answer::Delivered), [send(3, 2)]);
}

#[test]
fn bytes_count_too() {
    let mut story = Story::begin();
    story.tell(1, 1);
    story.queue.handle_event(Item { cost: 1_000, ..item(2, 1) }, story.now);
    assert_eq!(story.outputs(), [lost(2, 1, Loss::Overflow)], "the other is on its way");
    assert_eq!(story.queue.bytes(), 10);
}

#[test]
fn what_is_too_old_is_given_up() {
    let mut story = Story::begin();
    story.tell(1, 1);
    story.tell(1, 2);
    story.wait(9_000);
    story.tell(1, 3);
    assert_eq!(story.wait(1_000), [lost(1, 2, Loss::TooOld)], "the first is on its way");
    assert_eq!(story.answer(1, Answer::Failed), [lost(1, 1, Loss::TooOld)]);
    assert_eq!(story.wait(200), [send(1, 3)]);
}

#[test]
fn an_answer_to_nothing_changes_nothing() {
    let mut story = Story::begin();
    assert_eq!(story.answer(1, Answer::Delivered), []);
    story.tell(1, 1);
    story.answer(1, Answer::Failed);
    assert_eq!(story.answer(1, Answer::Delivered), []);
    assert_eq!(story.queue.events(), 1);
}

#[derive(Debug, Clone)]
enum Happening {
    Event(u64),
    Answer(usize, Answer, u64),
    Wait(u64),
}

fn happening() -> impl Strategy<Value = Happening> {
    let answer = prop_oneof![
        3 => Just(Answer::Delivered),
        1 => Just(Answer::Rejected),
        2 => Just(Answer::Failed)
    ];
    prop_oneof![
        4 => (0_u64..5).prop_map(Happening::Event),
        4 => (0_usize..3, answer, any::<u64>()).prop_map(|(at, answer, dice)| Happening::Answer(at, answer, dice)),
        2 => (0_u64..2_000).prop_map(Happening::Wait),
    ]
}

/// What a receiver has seen and what the queue has told, by room.
#[derive(Default)]
struct Model {
    said: HashMap<u64, u64>,
    on_its_way: Vec<(u64, u64)>,
    /// The last that was delivered, by room.
    delivered: HashMap<u64, u64>,
    done: Vec<(u64, u64)>,
    lost: Vec<(u64, u64)>,
}

impl Model {
    fn take(&mut self, outputs: Vec<Out>) {
        for output in outputs {
            match output {
                Output::Send { what: (lane, sequence), .. } => {
                    assert!(
                        self.on_its_way.iter().all(|(other, _)| *other != lane),
                        "two of one room"
                    );
                    assert!(
                        self.delivered.get(&lane).is_none_or(|last| *last < sequence),
                        "out of order"
                    );
                    self.on_its_way.push((lane, sequence));
                }
                Output::Lost { lane, sequence, .. } => {
                    assert!(!self.on_its_way.contains(&(lane.0, sequence)), "lost on its way");
                    self.lost.push((lane.0, sequence));
                }
            }
        }
        assert!(self.on_its_way.len() <= settings().max_flights);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    /// Each event is delivered or told to be lost, never neither and never both; a room's arrive in order; the bounds hold.
    #[test]
    fn nothing_goes_missing_unsaid(happenings in prop::collection::vec(happening(), 0..200)) {
        let mut story = Story::begin();
        let mut model = Model::default();
        for happening in happenings {
            let outputs = match happening {
                Happening::Event(lane) => {
                    let sequence = model.said.entry(lane).or_default();
                    *sequence += 1;
                    let sequence = *sequence;
                    story.tell(lane, sequence)
                }
                Happening::Answer(at, answer, dice) => {
                    if at >= model.on_its_way.len() {
                        continue;
                    }
                    let (lane, sequence) = model.on_its_way.remove(at);
                    if answer == Answer::Delivered {
                        model.delivered.insert(lane, sequence);
                        model.done.push((lane, sequence));
                    }
                    story.queue.handle_answer(LaneId(lane), answer, story.now, dice);
                    story.outputs()
                }
                Happening::Wait(millis) => story.wait(millis),
            };
            model.take(outputs);
            prop_assert!(story.queue.events() <= settings().max_events);
            prop_assert!(story.queue.bytes() <= settings().max_bytes);
            prop_assert!(story.queue.poll_timeout().is_some() || story.queue.events() == model.on_its_way.len());
        }
        // From here on the receiver is well.
        for _ in 0..1_000 {
            let Some((lane, sequence)) = model.on_its_way.pop() else {
                let Some(next) = story.queue.poll_timeout() else { break };
                let wait = next.0.saturating_sub(story.now.0);
                model.take(story.wait(wait));
                continue;
            };
            model.delivered.insert(lane, sequence);
            model.done.push((lane, sequence));
            model.take(story.answer(lane, Answer::Delivered));
        }
        let mut all: Vec<(u64, u64)> = model.done.iter().chain(&model.lost).copied().collect();
        all.sort_unstable();
        let mut said: Vec<(u64, u64)> = model.said.iter().flat_map(|(lane, last)| (1..=*last).map(|n| (*lane, n))).collect();
        said.sort_unstable();
        prop_assert_eq!(all, said);
        prop_assert_eq!((story.queue.events(), story.queue.bytes(), story.queue.lanes.len()), (0, 0, 0));
    }
}
