"""Named groups: which, and in which order."""

from __future__ import annotations

from nsspy.tls import groups


def test_order_of_nss_3_87() -> None:
    """Without hybrids X25519 comes first, because it is the cheapest."""
    supported = [23, 24, 25, 29, 256, 257, 258, 259, 260]
    assert groups.default(supported) == (29, 23, 24, 25, 256, 257, 258, 259, 260)


def test_hybrid_comes_first_where_nss_has_it() -> None:
    """ML-KEM with X25519 leads as soon as the run-time NSS accepts it."""
    assert groups.default([29, 4588, 23])[:2] == (4588, 29)


def test_unsupported_and_unknown_groups_are_left_out() -> None:
    """Only groups that are known here and supported there are used."""
    assert groups.default([23, 19, 65000]) == (23,)
    assert groups.default([]) == ()


def test_fips_has_no_x25519() -> None:
    """In FIPS mode neither X25519 nor its hybrid is offered."""
    assert groups.default(groups.PREFERRED, fips=True)[:3] == (23, 24, 25)
    assert not {29, 4588} & set(groups.default(groups.PREFERRED, fips=True))


def test_every_group_has_a_name() -> None:
    """What is preferred can be shown."""
    assert set(groups.PREFERRED) == set(groups.NAMES)
