//! Simulated traffic: people, an office, crawlers and floods, against bars that the policy has to hold.
//!
//! Every run is the same: random numbers come from a seed, time from the simulation. Each scenario gives a row of the
//! table in `docs/policy.md`, which has to be there as it is found here.
//!
//! People come as a Poisson process, more of them by day. Of ten, three leave before their challenge is settled; work
//! takes them as long as their machine takes, a word 5 to 40 s; of a hundred words they answer 5 wrong and renew 8. Three
//! of ten come from twenty addresses that a carrier shares out. Crawlers solve all work at once, and answer words, of
//! which they get 40 of 100 right, or renew them. A flood answers nothing.

use haechi_captcha::Algorithm;
use std::{cmp::Reverse, collections::BinaryHeap};

use super::*;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// A midnight.
const BEGIN: u64 = 20_000 * DAY;
/// At ten in the morning of the third day.
const START: u64 = BEGIN + 2 * DAY + 10 * HOUR;
const END: u64 = START + HOUR / 2;
const APP: u32 = 7;
/// What the work of this level costs, as times of level 0.
fn price(level: u8) -> f64 {
    let counters = |level| f64::from(Algorithm::Pbkdf2.counters(level));
    counters(level) / counters(0)
}
/// Of people, in a second of the busiest hour.
const PEOPLE_PER_SEC: f64 = 2.0;

/// Who comes, how often, and from where.
#[derive(Debug, Clone, Copy)]
struct Crowd {
    name: &'static str,
    habit: Habit,
    per_sec: f64,
    begins: u64,
    ends: u64,
    addresses: Addresses,
    /// From when on the figures are taken.
    measured_from: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Habit {
    People,
    /// Answers words.
    Crawler,
    /// Renews challenges that ask a word, four times or so, until one asks none.
    Picky,
    Flood,
}

#[derive(Debug, Clone, Copy)]
enum Addresses {
    Households,
    Office,
    /// So many, in so many networks of 256.
    Of {
        addresses: u64,
        networks: u64,
    },
}

/// What was asked of a crowd.
#[derive(Debug, Clone, Default, PartialEq)]
struct Figures {
    challenges: u64,
    words: u64,
    levels: [u64; 4],
    passes: u64,
    price: f64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    Arrives,
    Begins { address: u32 },
    Settles { address: u32, became: u8, after_secs: u64 },
}

const SOLVED: u8 = 0;
const READ: u8 = 1;
const WRONG: u8 = 2;
const RENEWED: u8 = 3;

struct Simulation {
    demands: Demands,
    crowds: Vec<Crowd>,
    figures: Vec<Figures>,
    events: BinaryHeap<Reverse<(u64, u64, usize, Event)>>,
    sequence: u64,
    random: u64,
}

impl Simulation {
    fn new(seed: u64, crowds: &[Crowd]) -> Self {
        let demands = Demands::default();
        let figures = vec![Figures::default(); crowds.len()];
        let crowds = crowds.to_vec();
        let mut simulation = Self { demands, crowds, figures, events: BinaryHeap::new(), sequence: 0, random: seed };
        simulation.live_two_days();
        simulation
    }

    /// The app learns what is usual, of people of whom nothing else matters.
    fn live_two_days(&mut self) {
        let caller = Caller { client: None, app: APP };
        let households = self.crowds.iter().filter(|crowd| matches!(crowd.addresses, Addresses::Households));
        let per_sec: f64 = households.map(|crowd| crowd.per_sec).sum();
        for second in BEGIN..START - HOUR {
            for _ in 0..self.poisson(per_sec * busy(second)) {
                demand(&self.demands, caller, second);
            }
        }
    }

    fn run(mut self) -> Vec<Figures> {
        for crowd in 0..self.crowds.len() {
            self.at(self.crowds[crowd].begins * 1_000, crowd, Event::Arrives);
        }
        while let Some(Reverse((millis, _, crowd, event))) = self.events.pop() {
            match event {
                Event::Arrives => self.arrives(millis, crowd),
                Event::Begins { address } => self.begins(millis, crowd, address),
                Event::Settles { address, became, after_secs } => {
                    self.settles(millis, crowd, address, became, after_secs);
                }
            }
        }
        self.figures
    }

    fn arrives(&mut self, millis: u64, crowd: usize) {
        let Crowd { habit, per_sec, ends, addresses, .. } = self.crowds[crowd];
        let is_one_of_all = matches!(addresses, Addresses::Households);
        let rate = if is_one_of_all { per_sec * busy(millis / 1_000) } else { per_sec };
        let pause = if habit == Habit::People { -(1.0 - self.unit()).ln() / rate } else { 1.0 / rate };
        let next = millis + (pause * 1_000.0) as u64;
        if next < ends * 1_000 {
            self.at(next, crowd, Event::Arrives);
        }
        let address = self.address(addresses);
        self.begins(millis, crowd, address);
    }

    fn begins(&mut self, millis: u64, crowd: usize, address: u32) {
        let now = millis / 1_000;
        let demand = demand(&self.demands, from(address), now);
        let Crowd { habit, measured_from, .. } = self.crowds[crowd];
        if now >= measured_from {
            let figures = &mut self.figures[crowd];
            figures.challenges += 1;
            figures.words += u64::from(demand.word);
            figures.levels[usize::from(demand.level)] += 1;
        }
        let price = price(demand.level);
        let work_secs = price * if habit == Habit::People { 0.2 + 1.8 * self.unit().powi(3) } else { 0.2 };
        let (became, secs) = match habit {
            Habit::Flood => return,
            Habit::People if self.chance(0.3) => return,
            Habit::People if demand.word => {
                let became = match self.unit() {
                    at if at < 0.05 => WRONG,
                    at if at < 0.13 => RENEWED,
                    _ => READ,
                };
                (became, (5.0 + 35.0 * self.unit()).max(work_secs))
            }
            Habit::Crawler if demand.word => (if self.chance(0.4) { READ } else { WRONG }, work_secs.max(4.0)),
            Habit::Picky if demand.word => (RENEWED, 0.1),
            _ => (SOLVED, work_secs),
        };
        if became != RENEWED && now >= measured_from {
            self.figures[crowd].price += price;
        }
        let settled = millis + (secs * 1_000.0) as u64;
        let after_secs = settled / 1_000 - now;
        self.at(settled, crowd, Event::Settles { address, became, after_secs });
    }

    fn settles(&mut self, millis: u64, crowd: usize, address: u32, became: u8, after_secs: u64) {
        let became = match became {
            SOLVED => Became::Solved,
            READ => Became::Read { after_secs },
            WRONG => Became::Wrong,
            _ => Became::Renewed,
        };
        settle(&self.demands, from(address), became, millis / 1_000);
        let Crowd { habit, measured_from, ends, .. } = self.crowds[crowd];
        // People come back for another one, and so does who picks his challenges.
        let has_passed = matches!(became, Became::Solved | Became::Read { .. });
        if has_passed && millis / 1_000 >= measured_from {
            self.figures[crowd].passes += 1;
        }
        let tries_again = match habit {
            Habit::People => true,
            Habit::Picky => self.chance(0.75),
            Habit::Crawler | Habit::Flood => false,
        };
        if tries_again && !has_passed && millis / 1_000 < ends {
            self.at(millis + 1, crowd, Event::Begins { address });
        }
    }

    fn address(&mut self, addresses: Addresses) -> u32 {
        let number = match addresses {
            Addresses::Households if self.chance(0.3) => 0x0a00_0000 + 0x100 * (self.below(20) as u32),
            Addresses::Households => return 0x4000_0000 + self.below(0x2000_0000) as u32,
            Addresses::Office => 0xd000_0000,
            Addresses::Of { addresses, networks } => {
                let address = self.below(addresses);
                0xc000_0000 + 0x100 * (address % networks) as u32 + (address / networks) as u32
            }
        };
        number + 1
    }

    fn at(&mut self, millis: u64, crowd: usize, event: Event) {
        self.sequence += 1;
        self.events.push(Reverse((millis, self.sequence, crowd, event)));
    }

    /// SplitMix64, by Steele, Lea and Flood (2014).
    fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.random ^ self.random >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    fn unit(&mut self) -> f64 {
        (self.random() >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, bound: u64) -> u64 {
        (self.unit() * bound as f64) as u64
    }

    fn chance(&mut self, chance: f64) -> bool {
        self.unit() < chance
    }

    fn poisson(&mut self, mean: f64) -> u32 {
        let (mut product, mut count) = (self.unit(), 0);
        while product > (-mean).exp() {
            product *= self.unit();
            count += 1;
        }
        count
    }
}

/// How busy this time of the day is, from a tenth at three in the morning to 1 at three in the afternoon.
fn busy(now: u64) -> f64 {
    let day = (now % DAY) as f64 / DAY as f64;
    0.55 - 0.45 * ((day - 0.125) * std::f64::consts::TAU).cos()
}

fn from(address: u32) -> Caller {
    Caller { client: Some(client(address)), app: APP }
}

impl Crowd {
    fn people(ends: u64) -> Self {
        let addresses = Addresses::Households;
        let (habit, per_sec) = (Habit::People, PEOPLE_PER_SEC);
        // They have been there for half an hour.
        Self { name: "people", habit, per_sec, begins: START - HOUR / 2, ends, addresses, measured_from: START }
    }

    fn others(name: &'static str, habit: Habit, per_sec: f64, addresses: u64, networks: u64) -> Self {
        let addresses = Addresses::Of { addresses, networks };
        let (begins, ends) = (START, END);
        // Within a minute the price has to be what it is going to be.
        Self { name, habit, per_sec, begins, ends, addresses, measured_from: START + 60 }
    }
}

impl Figures {
    fn words_percent(&self) -> f64 {
        100.0 * self.words as f64 / self.challenges as f64
    }

    fn level_percent(&self, level: usize) -> f64 {
        100.0 * self.levels[level] as f64 / self.challenges as f64
    }

    fn row(&self, beside: &str, name: &str) -> String {
        let levels: Vec<_> = (0..4).map(|level| format!("{:.1}", self.level_percent(level))).collect();
        let price = if self.passes > 0 { format!("{:.1}", self.price / self.passes as f64) } else { "–".to_owned() };
        let words = self.words_percent();
        format!("| {beside} | {name} | {} | {words:.1} | {} | {price} |", self.challenges, levels.join(" | "))
    }
}

/// Lets these crowds come together. Their figures have to be those that are published.
#[track_caller]
fn run<const COUNT: usize>(title: &str, crowds: [Crowd; COUNT]) -> [Figures; COUNT] {
    let figures = Simulation::new(1, &crowds).run();
    let rows: Vec<_> = figures.iter().zip(&crowds).map(|(figures, crowd)| figures.row(title, crowd.name)).collect();
    println!("{}", rows.join("\n"));
    let document = include_str!("../../../../../../docs/policy.md");
    for row in rows {
        assert!(document.contains(&row), "docs/policy.md lacks {row}");
    }
    figures.try_into().unwrap()
}

fn check_people_beside(people: &Figures) {
    assert!(people.words_percent() < 20.0, "{people:?}");
}

/// From its second minute on, what it has to compute is sixteen times as much.
fn check_price(crawler: &Figures) {
    assert!(crawler.level_percent(3) > 99.0 && crawler.price >= 16.0 * crawler.passes as f64, "{crawler:?}");
}

#[test]
fn in_calm_hardly_anybody_is_asked_a_word() {
    let people = Crowd::people(START + DAY);
    let more_people = Crowd { per_sec: 10.0 * PEOPLE_PER_SEC, ..Crowd::people(END) };
    let [people] = run("calm, a day", [people]);
    let [more_people] = run("calm, ten times as many people", [more_people]);
    for people in [people, more_people] {
        assert!(people.words_percent() < 2.0 && people.level_percent(0) > 90.0, "{people:?}");
    }
}

#[test]
fn a_crawler_behind_one_address_pays() {
    for (title, per_sec, habit) in [
        ("a crawler, 1 address, 2 a second", 2.0, Habit::Crawler),
        ("a crawler, 1 address, 2 a second, that renews words", 2.0, Habit::Picky),
        ("a crawler, 1 address, 50 a second", 50.0, Habit::Crawler),
    ] {
        let crawler = Crowd::others("the crawler", habit, per_sec, 1, 1);
        let [people, crawler] = run(title, [Crowd::people(END), crawler]);
        check_price(&crawler);
        assert!(crawler.words_percent() > 99.0, "{crawler:?}");
        // It is known for what it is before people have to compute for it.
        assert!(people.words_percent() < 2.0 && people.level_percent(0) > 90.0, "{people:?}");
    }
}

#[test]
fn a_crawler_behind_a_thousand_addresses_pays() {
    for (title, per_sec, networks) in [
        ("a crawler, 1,000 addresses, 20 a second", 20.0, 1_000),
        ("a crawler, 1,000 addresses of 4 networks, 20 a second", 20.0, 4),
        ("a crawler, 1,000 addresses, 100 a second", 100.0, 1_000),
    ] {
        let crawler = Crowd::others("the crawler", Habit::Crawler, per_sec, 1_000, networks);
        let [people, crawler] = run(title, [Crowd::people(END), crawler]);
        check_price(&crawler);
        check_people_beside(&people);
    }
}

/// What this rule does not see: it asks for as little as people do, from many addresses.
#[test]
fn a_patient_crawler_is_one_of_many() {
    let crawler = Crowd::others("the crawler", Habit::Crawler, 0.5, 1_000, 1_000);
    let title = "a patient crawler, 1,000 addresses, 1 in 2 s";
    let [people, crawler] = run(title, [Crowd::people(END), crawler]);
    assert!(people.words_percent() < 2.0 && crawler.level_percent(0) > 95.0, "{people:?} {crawler:?}");
}

fn flood(addresses: u64) -> Crowd {
    let flood = Crowd::others("the flood", Habit::Flood, 200.0, addresses, addresses);
    Crowd { ends: START + HOUR / 6, ..flood }
}

#[test]
fn beside_a_flood_people_are_seldom_asked_a_word() {
    for (title, addresses) in [
        ("a flood, 1 address, 200 a second", 1),
        ("a flood, 50 addresses, 200 a second", 50),
        ("a flood, 5,000 addresses, 200 a second", 5_000),
    ] {
        let flood = flood(addresses);
        let [people, flood] = run(title, [Crowd::people(flood.ends), flood]);
        check_people_beside(&people);
        check_price(&flood);
    }
}

/// It comes from very many addresses, each of which begins a challenge in four minutes.
#[test]
fn beside_a_flood_of_strangers_people_are_seldom_asked_a_word() {
    let flood = flood(50_000);
    let title = "a flood, 50,000 addresses, 200 a second";
    let [people, flood] = run(title, [Crowd::people(flood.ends), flood]);
    check_people_beside(&people);
    check_price(&flood);
}

fn office() -> Crowd {
    let office = Crowd::others("the office", Habit::People, 500.0 / 1_800.0, 1, 1);
    Crowd { addresses: Addresses::Office, measured_from: START, ..office }
}

/// Nobody is ever refused, and the most that is asked is a word that people read and work that their machines can do.
#[test]
fn an_office_behind_one_address_is_never_shut_out() {
    let [_, alone] = run("an office, 500 people in half an hour", [Crowd::people(END), office()]);
    assert!(alone.words_percent() < 20.0 && alone.level_percent(3) < 20.0, "{alone:?}");
    let [_, beside, _] = run("an office, beside a flood", [Crowd::people(END), office(), flood(50)]);
    assert!(beside.words_percent() < 20.0, "{beside:?}");
    let [_, beside, _] = run("an office, beside a flood of many", [Crowd::people(END), office(), flood(5_000)]);
    assert!(beside.words_percent() < 50.0, "{beside:?}");
    let crawler = Crowd { addresses: Addresses::Office, ..Crowd::others("the crawler", Habit::Crawler, 2.0, 1, 1) };
    let [people, shared, crawler] = run("an office with a crawler in it", [Crowd::people(END), office(), crawler]);
    for passing in [alone, beside, shared] {
        assert!(10 * passing.passes > 5 * passing.challenges, "{passing:?}");
    }
    check_price(&crawler);
    assert!(people.level_percent(0) > 90.0, "{people:?}");
}

#[test]
fn after_a_flood_all_is_as_before_within_some_minutes() {
    let flood = flood(5_000);
    let people = Crowd { measured_from: flood.ends + 180, ..Crowd::people(END) };
    let [people, _] = run("from three minutes after a flood on", [people, flood]);
    assert!(people.words_percent() < 2.0 && people.level_percent(0) > 95.0, "{people:?}");
}
