//! Every form of use of the attribute, under every lint of rustc and clippy: what the attribute writes raises none.
//!
//! The packages `edition_2021` and `edition_2024` compile this for two editions. There is nothing to run:
//! `cargo build --workspace` checks rustc's lints, `cargo clippy --workspace --all-targets` all of them.
//!
//! A new form is a module with a `main` in it, whose first line says what is new about it. What the user's own code
//! raises is expected (`#[expect]`) as near to it as possible, so that what is written around it stays checked.
#![forbid(unsafe_code)]
#![deny(warnings, future_incompatible, nonstandard_style, unused)]
// Every lint that rustc allows by itself (`rustc -W help` lists them), but the unstable ones, and two that are not
// about such code: `edition_2024_expr_fragment_specifier` and `linker_messages`.
#![deny(
    absolute_paths_not_starting_with_crate,
    ambiguous_negative_literals,
    closure_returning_async_block,
    deprecated_in_future,
    deprecated_safe_2024,
    deref_into_dyn_supertrait,
    elided_lifetimes_in_paths,
    explicit_outlives_requirements,
    ffi_unwind_calls,
    if_let_rescope,
    impl_trait_overcaptures,
    impl_trait_redundant_captures,
    keyword_idents_2018,
    keyword_idents_2024,
    let_underscore_drop,
    macro_use_extern_crate,
    meta_variable_misuse,
    missing_copy_implementations,
    missing_debug_implementations,
    missing_docs,
    missing_unsafe_on_extern,
    non_ascii_idents,
    redundant_imports,
    redundant_lifetimes,
    rust_2021_incompatible_closure_captures,
    rust_2021_incompatible_or_patterns,
    rust_2021_prefixes_incompatible_syntax,
    rust_2021_prelude_collisions,
    rust_2024_guarded_string_incompatible_syntax,
    rust_2024_incompatible_pat,
    rust_2024_prelude_collisions,
    single_use_lifetimes,
    tail_expr_drop_order,
    trivial_casts,
    trivial_numeric_casts,
    unit_bindings,
    unnameable_types,
    unreachable_pub,
    unsafe_attr_outside_unsafe,
    unsafe_op_in_unsafe_fn,
    unstable_features,
    unused_crate_dependencies,
    unused_extern_crates,
    unused_import_braces,
    unused_lifetimes,
    unused_macro_rules,
    unused_qualifications,
    unused_results,
    variant_size_differences
)]
#![deny(clippy::all, clippy::pedantic, clippy::nursery, clippy::cargo, clippy::restriction)]
#![allow(unknown_lints, renamed_and_removed_lints, reason = "another version of the compiler has others")]
#![allow(clippy::inline_modules, reason = "of a later version: the forms are inline modules")]
#![expect(
    clippy::blanket_clippy_restriction_lints,
    clippy::cargo_common_metadata,
    clippy::multiple_crate_versions,
    reason = "about this list, and about manifests"
)]

mod user;

pub mod attributes;
pub mod macros;
pub mod names;
pub mod options;
pub mod parameters;
pub mod returns;
pub mod runtimes;
