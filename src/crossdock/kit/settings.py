"""Settings of a connector: declared once, used for forms, docs, lint and loading; secrets never print."""

from __future__ import annotations

import dataclasses
import os
import pathlib
import types
import typing
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Self, dataclass_transform

from crossdock.core.errors import ConfigError

__all__ = ["Secret", "SettingInfo", "Settings", "resolve_reference", "setting"]

_SOUNDS_SECRET = ("token", "password", "secret", "api_key", "private_key", "credential")


class Secret:
    """A value that never shows itself: `reveal()` is the one way out."""

    __slots__ = ("_origin", "_value")

    def __init__(self, value: str, *, origin: str = "") -> None:
        self._value = value
        self._origin = origin

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return f"Secret({self._origin or '…'})"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __reduce__(self) -> str:
        msg = "a Secret is not pickled"
        raise TypeError(msg)


@dataclasses.dataclass(frozen=True)
class SettingInfo:
    """What is known of one setting, for forms, docs and lint."""

    name: str
    text: str
    type_name: str
    required: bool
    default: Any
    secret: bool
    minimum: Any = None
    maximum: Any = None
    choices: tuple[str, ...] = ()


def setting(
    text: str,
    *,
    default: Any = dataclasses.MISSING,
    ge: float | None = None,
    le: float | None = None,
    choices: tuple[str, ...] = (),
) -> Any:
    """Declare one setting: what it is and where to find its value, its default, its limits."""
    metadata = {"text": text, "ge": ge, "le": le, "choices": choices}
    if isinstance(default, (list, dict)):
        return dataclasses.field(default_factory=lambda: type(default)(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


@dataclass_transform(frozen_default=True, kw_only_default=True, field_specifiers=(setting,))
class Settings:
    """Base of a connector's settings. Subclasses become frozen keyword-only dataclasses by themselves."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        hints = typing.get_type_hints(cls)
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            if field.metadata.get("text", "") == "":
                msg = f"{cls.__name__}.{field.name} must be declared with setting('what it is')"
                raise TypeError(msg)
            if any(word in field.name for word in _SOUNDS_SECRET) and hints[field.name] is str:
                msg = f"{cls.__name__}.{field.name} sounds secret: its type must be Secret"
                raise TypeError(msg)

    @classmethod
    def describe(cls) -> list[SettingInfo]:
        """All settings in order of declaration."""
        hints = typing.get_type_hints(cls)
        infos = []
        for field in dataclasses.fields(cls):  # type: ignore[arg-type]
            required = field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
            default = None if required else _default_of(field)
            hint = hints[field.name]
            infos.append(
                SettingInfo(
                    name=field.name,
                    text=field.metadata["text"],
                    type_name=getattr(hint, "__name__", str(hint)),
                    required=required,
                    default=default,
                    secret=hint is Secret or Secret in typing.get_args(hint),
                    minimum=field.metadata["ge"],
                    maximum=field.metadata["le"],
                    choices=field.metadata["choices"],
                )
            )
        return infos

    @classmethod
    def load(
        cls,
        values: Mapping[str, Any],
        *,
        source: str,
        environ: Mapping[str, str] | None = None,
        folder: pathlib.Path | None = None,
    ) -> Self:
        """Build from a project's values; every fault is named at once.

        Args:
            values: setting name → value; strings `env:NAME` and `file:PATH` are references.
            source: file the values stand in, for the error's text.
            environ: where `env:` looks; the process's environment by default.
            folder: what relative `file:` paths are relative to.

        Raises:
            ConfigError: unknown, missing, mistyped or out of range (T-CONFIG).
        """
        hints = typing.get_type_hints(cls)
        faults: list[str] = []
        found: dict[str, Any] = {}
        infos = {info.name: info for info in cls.describe()}
        faults.extend(
            f"unknown setting {name!r} (known: {', '.join(infos)})" for name in values if name not in infos
        )
        for name, info in infos.items():
            if name not in values:
                if info.required:
                    faults.append(f"{name} is missing: {info.text} (searched: {source})")
                continue
            try:
                found[name] = _convert(values[name], hints[name], info, environ or os.environ, folder)
            except (ValueError, ConfigError) as error:
                faults.append(f"{name}: {getattr(error, 'text', error)}")
        if faults:
            raise ConfigError(
                f"settings in {source}: " + "; ".join(faults), code="T-CONFIG", mend=f"mend them in {source}"
            )
        return cls(**found)


def resolve_reference(
    text: str, *, environ: Mapping[str, str] | None = None, folder: pathlib.Path | None = None
) -> str:
    """The value behind `env:NAME` or `file:PATH`; other text as it is.

    Raises:
        ConfigError: the variable or file is not there (T-CONFIG).
    """
    if text.startswith("env:"):
        name = text.removeprefix("env:")
        value = (os.environ if environ is None else environ).get(name)
        if value is None:
            raise ConfigError(
                f"environment variable {name} is not set",
                code="T-CONFIG",
                mend=f"export {name}=… before starting",
            )
        return value
    if text.startswith("file:"):
        path = pathlib.Path(text.removeprefix("file:"))
        if not path.is_absolute() and folder is not None:
            path = folder / path
        try:
            return path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"file {path} cannot be read: {error.strerror}",
                code="T-CONFIG",
                mend="create it or mend the path",
            ) from error
    return text


def _default_of(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _convert(
    value: Any, hint: Any, info: SettingInfo, environ: Mapping[str, str], folder: pathlib.Path | None
) -> Any:
    if value is None and type(None) in typing.get_args(hint):
        return None
    if isinstance(hint, types.UnionType):
        hint = next(arg for arg in typing.get_args(hint) if arg is not type(None))
    if hint is Secret:
        return _secret(value, environ, folder)
    if isinstance(value, str):
        value = resolve_reference(value, environ=environ, folder=folder)
    converted = _typed(value, typing.get_origin(hint) or hint)
    if info.minimum is not None and converted < info.minimum:
        msg = f"{converted} is below {info.minimum}"
        raise ValueError(msg)
    if info.maximum is not None and converted > info.maximum:
        msg = f"{converted} is above {info.maximum}"
        raise ValueError(msg)
    if info.choices and converted not in info.choices:
        msg = f"{converted!r} is none of {', '.join(info.choices)}"
        raise ValueError(msg)
    return converted


def _secret(value: Any, environ: Mapping[str, str], folder: pathlib.Path | None) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str) or not value.startswith(("env:", "file:")):
        msg = "a secret is given as a reference (env:NAME or file:PATH), never as a value"
        raise ValueError(msg)
    return Secret(resolve_reference(value, environ=environ, folder=folder), origin=value)


def _typed(value: Any, kind: Any) -> Any:
    if kind is bool:
        if isinstance(value, bool):
            return value
        if str(value).lower() in {"true", "yes", "1", "on"}:
            return True
        if str(value).lower() in {"false", "no", "0", "off"}:
            return False
        msg = f"{value!r} is not true or false"
        raise ValueError(msg)
    if kind in {int, float, str, Decimal} and not isinstance(value, (list, dict)):
        return kind(str(value)) if kind is Decimal else kind(value)
    if kind in {list, dict, tuple} and isinstance(value, (list, dict, tuple)):
        return kind(value)
    msg = f"{value!r} is not {getattr(kind, '__name__', kind)}"
    raise ValueError(msg)
