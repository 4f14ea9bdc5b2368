"""All versions, the deployed one, and the rollback."""

from contextlib import suppress
from pathlib import Path

import streamlit as st

from aqfusion.errors import InputError
from aqfusion.permissions import Actor
from aqfusion.registry.serving import Promotion
from aqfusion.registry.version import RegistryError, Version, comparison, title
from aqfusion.retraining.label_targets import LEFT_OUT
from aqfusion.ui.labels import flash
from aqfusion.ui.labels import store_session as labels
from aqfusion.ui.markup import plain, show_error
from aqfusion.ui.registry import label_impact, version_tables
from aqfusion.ui.registry.registry_session import as_now, moment, registry, versions
from aqfusion.ui.registry.version_tables import Gains
from aqfusion.ui.table import Column, Table

VERSIONS_FLASH, CHECKED = "models_versions", "models_checked"
_MOST = 5


def render_version_list(actor: Actor) -> None:
    """Draw the list, the check, and the version that is chosen."""
    all_versions = versions()
    if not all_versions:
        st.info(
            "There is no retrained version yet; the shipped model is in use. Retrain to create "
            "the first version."
        )
        return
    served = registry().current().version
    with st.container(border=True, key="card_versions"):
        st.html(version_tables.overview(all_versions, served).html("All versions, newest first"))
        _check()
    by_name = {version.name: version for version in all_versions}
    chosen = st.selectbox(
        "Version to show",
        list(reversed(by_name)),
        format_func=lambda name: title(name).capitalize(),
        key="models_version",
        width=260,
    )
    with st.container(border=True, key="card_version"):
        _version(actor, by_name[chosen], served)


def _check() -> None:
    if not st.button("Check every file", key="models_verify", icon=":material/rule:"):
        return
    wrong = [sentence for sentences in registry().verify().values() for sentence in sentences]
    if wrong:
        st.error("\n".join(f"- {plain(sentence)}" for sentence in wrong), icon=":material/error:")
    else:
        st.success("All files are unchanged.", icon=":material/check_circle:")


def _version(actor: Actor, version: Version, served: str | None) -> None:
    manifest = version.manifest
    st.subheader(plain(title(version.name).capitalize()), anchor=False)
    st.markdown(plain(label_impact.effect_sentence(version)))
    if version.passed:
        st.success("This version passed the promotion gate.", icon=":material/check_circle:")
    else:
        reasons = "\n".join(f"- {plain(reason)}" for reason in manifest["gate"]["reasons"])
        st.warning(f"The promotion gate rejected this version:\n{reasons}", icon=":material/block:")
    flash.render_flash(VERSIONS_FLASH)
    if version.name != served:
        _promotion(actor, version)
    st.markdown("**Hold-out set, before and after**")
    table = version_tables.changes(version)
    st.html(table.html(f"Results of {title(version.name)} by place"))
    _items(version)
    with st.expander("Training data and code", key="models_made_of"):
        st.html(_facts(version).html(f"Details of {title(version.name)}"))


def _promotion(actor: Actor, version: Version) -> None:
    name = version.name
    words = "Deploy" if version.passed else "Deploy anyway"
    way = st.popover(words, icon=":material/rocket_launch:", key=f"models_promote_{name}")
    with way.form(f"models_promote_form_{name}", border=False):
        st.text_area(
            "Reason (optional)" if version.passed else "Reason",
            key=f"models_reason_{name}",
            max_chars=500,
            height=80,
        )
        st.form_submit_button(words, on_click=_promote, args=(actor, name), type="primary")


def _promote(actor: Actor, name: str) -> None:
    def work() -> str:
        reason = st.session_state.get(f"models_reason_{name}", "")
        registry().promote(as_now(actor), name, reason, labels.now())
        return f"{title(name)} is now deployed"

    flash.run_with_flash(VERSIONS_FLASH, work)


def _items(version: Version) -> None:
    try:
        changes = comparison(version)
    except InputError as error:
        show_error(error)
        return
    for words, gains in (
        (
            "Held-out corrections",
            version_tables.corrections(changes.get("corrections", ())),
        ),
        ("Sessions of the hold-out set", version_tables.sessions(changes.get("frozen", ()))),
    ):
        if gains.table.rows:
            _gains(version, words, gains)


def _gains(version: Version, words: str, gains: Gains) -> None:
    table = gains.table
    st.markdown(
        f"**{words}**: {gains.nearer:,} more accurate, {gains.farther:,} less accurate, of "
        f"{len(table.rows):,}"
    )
    st.html(
        version_tables.ends(table, _MOST).html(f"{words}: largest improvements and largest losses")
    )
    slug = words.lower().replace(" ", "-")
    st.download_button(
        "All as CSV",
        table.csv(),
        f"{version.name}-{slug}.csv",
        "text/csv",
        key=f"models_csv_{slug}",
        icon=":material/download:",
        on_click="ignore",
    )


def _facts(version: Version) -> Table:
    manifest, labels_of = version.manifest, version.manifest["labels"]
    rows = [
        ("Name", version.name),
        ("Created", f"{moment(manifest['made_at'])} UTC by {manifest['by']}"),
        ("Parent version", title(version.parent)),
        ("Labels used", f"{labels_of['learned']:,} of {labels_of['settled']:,} settled"),
        *(
            (f"Left out: {LEFT_OUT.get(why, why)}", f"{n:,}")
            for why, n in labels_of["left_out"].items()
        ),
        ("Last label event used", str(labels_of["last_event"])),
        ("Labels, SHA-256", labels_of["snapshot_sha256"]),
        ("Training features, SHA-256", manifest["features_sha256"]),
        ("Hold-out set, SHA-256", manifest["frozen_sha256"]),
        ("Code version", manifest["code_version"]),
        ("Seed", str(manifest["seed"])),
    ]
    return Table((Column("Property"), Column("Value")), tuple(rows))


SERVING_FLASH = "models_serving"


def render_serving(actor: Actor) -> None:
    """Draw it, with what is wrong about it."""
    st.subheader("Current version", anchor=False)
    served = registry().current()
    if served.warning:
        st.warning(plain(served.warning), icon=":material/broken_image:")
    made: tuple[Promotion, ...] = ()
    with suppress(RegistryError):  # the warning has the reason
        made = registry().promotions()
    in_force = made[-1] if made and made[-1].version == served.version else None
    name = title(served.version)
    st.markdown(
        f"**{plain(name.capitalize())}** :small[{plain(served.version or Path(served.model).name)}]"
    )
    if in_force is not None:
        st.markdown(plain(f"Since {moment(in_force.at)} UTC, by {in_force.by}: {in_force.reason}."))
    elif served.version is None and not served.warning:
        st.markdown("It has not been retrained yet.")
    flash.render_flash(SERVING_FLASH)
    if served.version is not None:
        _way_back(actor, served.version)
    if made:
        with st.expander("History", key="models_promotions"):
            st.html(history(made).html("All changes of the current version, latest first"))


def history(made: tuple[Promotion, ...]) -> Table:
    """The deployed versions by time, the latest first."""
    rows = (
        (moment(promotion.at), title(promotion.version), promotion.by, promotion.reason)
        for promotion in reversed(made)
    )
    return Table(tuple(map(Column, ("UTC", "Version", "By", "Reason"))), tuple(rows))


def _way_back(actor: Actor, version: str) -> None:
    way = st.popover("Go back to the previous version", icon=":material/undo:", key="models_back")
    with way.form("models_back_form", border=False):
        st.text_input("Reason (optional)", key="models_back_reason")
        st.form_submit_button(
            f"Go back from {plain(title(version))}",
            on_click=_go_back,
            args=(actor,),
            type="primary",
        )


def _go_back(actor: Actor) -> None:
    def work() -> str:
        reason = st.session_state.get("models_back_reason", "")
        done = registry().rollback(as_now(actor), reason, labels.now())
        return f"{title(done.version)} is deployed again"

    flash.run_with_flash(SERVING_FLASH, work)
