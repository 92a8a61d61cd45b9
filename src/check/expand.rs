//! From the tree to the layers it stands for: blocks filled in, repeats run, lists spread, arguments bound.

use super::blocks::{Blocks, Found, not_yet};
use super::spread::{Spread, resolve};
use super::trace::{Frame, Trace};
use crate::base::Span;
use crate::diag::{Diagnostic, code};
use crate::layer::{self, Bound, Defaults, Family, Kind, Layer, Value};
use crate::syntax::ast::{self, Arg, Call, Chain, Combinator, Literal, Name, Primary, Stage};

/// A part of the expanded network.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A layer.
    Layer(Instance<'a>),
    /// Branches and what joins them; `None` where that is unknown.
    Join(Option<Instance<'a>>, Vec<Branch<'a>>),
    /// A part whose fault is reported already.
    Unknown,
}

/// A branch of a combinator.
#[derive(Debug)]
pub(super) struct Branch<'a> {
    /// Its layers; none for what goes past a `Residual`.
    pub items: Vec<Item<'a>>,
    /// Where it is written; for what goes past a `Residual`, the combinator's name.
    pub span: Span,
}

/// A layer with its arguments and where it comes from.
#[derive(Clone, Debug)]
pub(super) struct Instance<'a> {
    /// The layer with its arguments.
    pub bound: Bound,
    /// Where it is written.
    pub site: Site<'a>,
    /// Through which repeats and blocks.
    pub trace: Trace,
}

impl Instance<'_> {
    /// The layer's row.
    pub(super) fn layer(&self) -> &'static Layer {
        self.bound.layer()
    }
}

/// Where a layer is written.
#[derive(Clone, Copy, Debug)]
pub(super) struct Site<'a> {
    /// The chain.
    pub chain: &'a Chain,
    /// Which of its stages.
    pub stage: usize,
    /// The name as written.
    pub name: &'a Name,
    /// The arguments as written.
    pub args: &'a [Arg],
    /// From the name to the last bracket.
    pub call: Span,
    /// Whether the layer itself is written there, or asks for this one.
    pub origin: Origin,
}

/// How a place in the text asks for a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// By its name.
    Name,
    /// By the `activation:` of this index among the arguments.
    Argument(usize),
    /// By the front matter's default for `activation:`.
    Default,
}

impl Site<'_> {
    /// What a fault of the layer points at.
    pub(super) fn span(&self) -> Span {
        match self.origin {
            Origin::Argument(at) => self.args.get(at).map_or(self.call, |arg| arg.span),
            Origin::Name | Origin::Default => self.call,
        }
    }
}

/// What to expand differently than written, to try a way out.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Trial {
    /// A repeat, and how often it runs at most.
    pub runs: Option<(Span, u64)>,
    /// Windows written within this get `padding: same`.
    pub same: Option<Span>,
}

/// An expansion under way.
pub(super) struct Expander<'a> {
    blocks: &'a Blocks<'a>,
    defaults: &'a Defaults,
    trial: Trial,
    /// The frames from the network to here.
    trace: Vec<Frame>,
    /// Whether a body is only read through, so that repeats run once and blocks are not entered.
    reading: bool,
    /// What was found.
    pub faults: Vec<Diagnostic>,
    /// Which blocks were used.
    pub used: Vec<bool>,
    /// Whether a part could not be read, so that what is built is not what the author means.
    pub unread: bool,
}

/// What names mean at a place.
struct Scope<'s> {
    /// The block's parameters and their values.
    params: &'s [(String, ast::Value)],
    /// How many of the blocks may be used.
    visible: usize,
    /// The block whose body this is.
    block: Option<&'s Name>,
}

impl<'a> Expander<'a> {
    /// An expansion with `defaults` under `trial`.
    pub(super) fn new(blocks: &'a Blocks<'a>, defaults: &'a Defaults, trial: Trial) -> Self {
        let used = vec![false; blocks.len()];
        Self { blocks, defaults, trial, trace: Vec::new(), reading: false, faults: Vec::new(), used, unread: false }
    }

    /// The blocks there are.
    pub(super) fn blocks(&self) -> &'a Blocks<'a> {
        self.blocks
    }

    /// The layers of the network.
    pub(super) fn network(&mut self, chain: &'a Chain) -> Vec<Item<'a>> {
        let mut items = Vec::new();
        self.chain(chain, &Scope { params: &[], visible: self.blocks.len(), block: None }, &mut items);
        items
    }

    /// Reports the faults of a block's body whatever its parameters are.
    pub(super) fn read_through(&mut self, at: usize) {
        let block = self.blocks.get(at);
        let unknown =
            |param: &ast::Param| (param.name.value.clone(), ast::Value::new(Literal::Unknown, param.name.span));
        let params: Vec<_> = block.params.iter().map(unknown).collect();
        self.reading = true;
        self.chain(&block.chain, &Scope { params: &params, visible: at, block: Some(&block.name) }, &mut Vec::new());
        self.reading = false;
    }

    fn chain(&mut self, chain: &'a Chain, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        for at in 0..chain.stages.len() {
            self.stage(chain, at, scope, items);
        }
    }

    fn stage(&mut self, chain: &'a Chain, at: usize, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        let stage = &chain.stages[at];
        let Some(repeat) = stage.repeat else { return self.primary(chain, at, scope, items) };
        for index in 1..=self.runs(stage, repeat.value) {
            self.trace.push(Frame::Repeat { span: stage.span, count_span: repeat.span, index, count: repeat.value });
            self.primary(chain, at, scope, items);
            self.trace.pop();
        }
    }

    fn runs(&self, stage: &Stage, count: u64) -> u64 {
        match self.trial.runs {
            _ if self.reading => 1,
            Some((span, most)) if span == stage.span => count.min(most),
            _ => count,
        }
    }

    fn primary(&mut self, chain: &'a Chain, stage: usize, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        match &chain.stages[stage].primary {
            Primary::Call(call) => {
                let site =
                    Site { chain, stage, name: &call.name, args: &call.args, call: call.span, origin: Origin::Name };
                self.call(call, site, scope, items);
            }
            Primary::Group(inner, _) => self.chain(inner, scope, items),
            Primary::Combinator(combinator) => {
                let (name, args) = (&combinator.name, &combinator.args);
                let site = Site { chain, stage, name, args, call: combinator.span, origin: Origin::Name };
                let item = self.combinator(combinator, site, scope);
                items.push(item);
            }
            Primary::Unknown(_) => {
                self.unread = true;
                items.push(Item::Unknown);
            }
        }
    }

    fn call(&mut self, call: &'a Call, site: Site<'a>, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        match self.blocks.find(&call.name.value, scope.visible) {
            Found::Block(at) => return self.block(at, call, scope, items),
            Found::NotYet(at) => {
                self.report(not_yet(&call.name, scope.block, self.blocks.get(at).name.span));
            }
            Found::None => match layer::find(&call.name.value) {
                Some(layer) if layer.is_combinator() => self.report(no_branches(layer, &call.name)),
                Some(layer) => return self.layer(layer, site, scope, items),
                None => self.report(self.blocks.unknown(&call.name)),
            },
        }
        items.push(Item::Unknown);
    }

    fn layer(&mut self, layer: &'static Layer, site: Site<'a>, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        let bound = self.bind(layer, site, scope);
        let activation = bound.activation();
        items.push(Item::Layer(self.instance(bound, site)));
        if let Some((activation, given)) = activation {
            let bound = Bound::defaults(activation, self.defaults);
            let origin = given.map_or(Origin::Default, |given| Origin::Argument(given.index));
            let site = Site { origin, ..site };
            items.push(Item::Layer(self.instance(bound, site)));
        }
    }

    fn instance(&self, bound: Bound, site: Site<'a>) -> Instance<'a> {
        Instance { bound, site, trace: Trace(self.trace.clone()) }
    }

    fn bind(&mut self, layer: &'static Layer, site: Site<'a>, scope: &Scope<'_>) -> Bound {
        let args = self.resolved(site.args, scope, Spread::Always);
        let (mut bound, faults) = layer::bind(layer, site.name, &args, self.defaults);
        faults.into_iter().for_each(|fault| self.report(fault));
        let windowed = layer.arguments.iter().find(|argument| argument.kind == Kind::Padding);
        if let (Some(argument), Some(within)) = (windowed, self.trial.same)
            && within.start <= site.call.start
            && site.call.end <= within.end
        {
            bound.set(argument.name, Value::Padding(crate::graph::PaddingRule::Same));
        }
        bound
    }

    fn combinator(&mut self, combinator: &'a Combinator, site: Site<'a>, scope: &Scope<'_>) -> Item<'a> {
        let mut branches: Vec<Branch<'a>> = Vec::new();
        for chain in &combinator.branches {
            let mut items = Vec::new();
            self.chain(chain, scope, &mut items);
            branches.push(Branch { items, span: chain.span });
        }
        let Some(layer) = layer::find(&combinator.name.value) else {
            let is_block = !matches!(self.blocks.find(&combinator.name.value, usize::MAX), Found::None);
            let fault = if is_block { not_a_join(&combinator.name) } else { self.blocks.unknown(&combinator.name) };
            self.report(fault);
            return Item::Join(None, branches);
        };
        let Family::Combinator { least, most } = layer.family else {
            self.report(not_a_join(&combinator.name));
            return Item::Join(None, branches);
        };
        let bound = self.bind(layer, site, scope);
        if !(least..=most).contains(&branches.len()) {
            self.report(wrong_branches(layer, combinator, least));
            return Item::Join(None, branches);
        }
        if most > 1 {
            return Item::Join(Some(self.instance(bound, site)), branches);
        }
        // `Residual[f]` is `Add[f | Identity]`.
        branches.push(Branch { items: Vec::new(), span: combinator.name.span });
        let add = layer::find("Add").map(|add| Bound::defaults(add, self.defaults));
        Item::Join(Some(self.instance(add.unwrap_or(bound), site)), branches)
    }

    fn block(&mut self, at: usize, call: &'a Call, scope: &Scope<'_>, items: &mut Vec<Item<'a>>) {
        self.used[at] = true;
        let block = self.blocks.get(at);
        let args = self.resolved(&call.args, scope, Spread::InRepeat);
        let (params, faults) = super::parameters::bind(block, call, &args);
        faults.into_iter().for_each(|fault| self.report(fault));
        if self.reading {
            return items.push(Item::Unknown);
        }
        self.trace.push(Frame::Block { name: block.name.value.clone(), call: call.span });
        self.chain(&block.chain, &Scope { params: &params, visible: at, block: Some(&block.name) }, items);
        self.trace.pop();
    }

    /// The arguments with parameters filled in and lists spread.
    fn resolved(&mut self, args: &[Arg], scope: &Scope<'_>, spread: Spread) -> Vec<Arg> {
        let trace = Trace(self.trace.clone());
        let mut faults = Vec::new();
        self.unread |= args.iter().any(|arg| arg.value.value == Literal::Unknown);
        let args = args
            .iter()
            .map(|arg| Arg { value: resolve(&arg.value, scope.params, &trace, spread, &mut faults), ..arg.clone() })
            .collect();
        faults.into_iter().for_each(|fault| self.report(fault));
        args
    }

    fn report(&mut self, fault: Diagnostic) {
        let fault = Trace(self.trace.clone()).with_blocks(fault);
        self.faults.push(fault);
    }
}

fn no_branches(layer: &Layer, name: &Name) -> Diagnostic {
    let example = if layer.name == "Residual" { "Residual[Conv]".to_owned() } else { format!("{}[a | b]", layer.name) };
    Diagnostic::new(&code::WRONG_BRANCH_COUNT, format!("`{}` joins branches, but has none", layer.name))
        .at(name.span, "without branches")
        .help(format!("write its branches in brackets: `{example}`"))
}

fn not_a_join(name: &Name) -> Diagnostic {
    Diagnostic::new(&code::WRONG_BRANCH_COUNT, format!("`{}` takes no branches", name.value))
        .at(name.span, "joins nothing")
        .help("branches are joined by `Add`, `Multiply` or `Concat`")
}

fn wrong_branches(layer: &Layer, combinator: &Combinator, least: usize) -> Diagnostic {
    let got = combinator.branches.len();
    let fault = |headline: String| {
        Diagnostic::new(&code::WRONG_BRANCH_COUNT, headline).at(combinator.span, format!("branches: {got}"))
    };
    if got < least {
        fault(format!("`{}` joins at least {least} branches, got {got}", layer.name))
            .help("write a second branch behind `|`; `Identity` is the input itself")
    } else {
        fault(format!("`{}` takes one branch, got {got}", layer.name))
            .help("`Residual[f]` is `Add[f | Identity]`; join several branches by `Add`")
    }
}
