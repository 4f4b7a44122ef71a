"""Values are read as the signature says, or refused in words that name the field and the place in it."""

from __future__ import annotations

import enum
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tracker.bundles.values import InputError, from_json, read_inputs, to_json
from tracker.manifest import Field, Signature

NUMBERS = [
    "float16", "float32", "float64", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool",
]  # fmt: skip


@st.composite
def fields_with_values(draw):
    """A field, and an array as it has them: every dtype, to three axes, empty ones where the field says their sizes."""
    name = draw(st.sampled_from(NUMBERS))
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
    free = draw(st.lists(st.booleans(), min_size=len(shape), max_size=len(shape)))
    said = tuple(None if is_free and 0 not in shape else size for size, is_free in zip(shape, free, strict=True))
    return Field("x", name, said), draw(arrays.arrays(np.dtype(name), shape))


@settings(deadline=None, max_examples=150)
@given(fields_with_values())
def test_what_is_written_is_read_back(case):
    field, array = case
    read = from_json(field, to_json(array))
    assert read.dtype == array.dtype
    assert read.shape == array.shape
    np.testing.assert_array_equal(read, array)


@settings(deadline=None, max_examples=50)
@given(arrays.arrays(np.dtype("O"), arrays.array_shapes(max_dims=2, max_side=3), elements=st.text(max_size=5)))
def test_texts_are_read_back(array):
    read = from_json(Field("x", "string", (None,) * array.ndim), to_json(array))
    assert read.tolist() == array.tolist()


X = Field("x", "float32", ("batch", 2))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        (X, [[1, 2], [3, "4"]], r"x\[1\]\[1\] is '4', not a number; x must be float32 \[batch, 2\]"),
        (X, [[1, 2], [3, None]], r"x\[1\]\[1\] is null, not a number"),
        (X, [[1, 2], [3, True]], r"x\[1\]\[1\] is True, not a number"),
        (X, [[1, 2], [3]], r"x\[1\] is a list of 1, where those before it have 2"),
        (X, [[1, 2, 3]], r"x must be float32 \[batch, 2\], got float32 \[1, 3\]"),
        (X, [1, 2], r"x\[0\] is 1, 1 lists deep"),
        (X, [[[1], [2]]], r"x\[0\]\[0\] is a list of 1"),
        (X, [[1, 1e39]], r"x\[0\]\[1\] is 1e\+39, which does not fit"),
        (X, [[1, 10**400]], r"x\[0\]\[1\] is a whole number of more than 30 digits, which does not fit"),
        (X, "abc", "x must be float32"),
        (X, {"a": 1}, "x must be float32 .*, got a dict"),
        (X, None, "got null"),
        (X, np.array([["1", "2"]]), "got an array of <U1"),
        (X, np.array([[1j, 2]]), "got an array of complex128"),
        (Field("n", "int8", (None,)), [1, 300], r"n\[1\] is 300, which does not fit; n must be int8 \[any\]"),
        (Field("n", "int64", (None,)), [1, 2**63], r"n\[1\] is 9223372036854775808, which does not fit"),
        (Field("n", "int64", (None,)), [-1, 1.5], r"n\[1\] is 1.5, not a whole number"),
        (Field("n", "uint8", (None,)), np.array([3, -1]), r"n\[1\] is -1, which does not fit"),
        (Field("n", "int32", (None,)), np.array([1.0]), "got an array of float64"),
        (Field("n", "uint64"), -1, "n is -1, which does not fit; n must be one uint64"),
        (Field("b", "bool"), 1, "b is 1, not true or false"),
        (Field("t", "string"), 3, "t must be a text, got 3"),
        (Field("t", "string", (None,)), ["a", 3], r"t\[1\] must be string \[any\]: expected `str`, got `int`"),
        (Field("t", "string", (None, None)), [["a"], ["b", "c"]], "not of one length"),
    ],
    ids=lambda value: repr(value)[:40] if not isinstance(value, Field) else value.dtype,
)  # fmt: skip
def test_a_wrong_value_is_refused_by_name_and_place(field, value, message):
    with pytest.raises(InputError, match=message) as refused:
        from_json(field, value)
    assert refused.value.field == field.name


def test_floats_that_json_lacks_are_texts():
    read = from_json(Field("x", "float64", (None,)), [1, "NaN", "Infinity", "-Infinity"])
    assert math.isnan(read[1])
    assert read[2:].tolist() == [math.inf, -math.inf]
    assert to_json(read) == [1.0, "NaN", "Infinity", "-Infinity"]
    assert math.isnan(from_json(Field("x", "float32"), "NaN"))


def test_arrays_of_other_widths_are_taken_where_they_fit():
    assert from_json(X, np.array([[1.5, 2]])).dtype == np.float32
    assert from_json(X, [np.array([1.5, 2]), np.array([3, 4])]).tolist() == [[1.5, 2], [3, 4]]
    assert from_json(Field("n", "int8", (None,)), np.array([1, 2], np.uint64)).dtype == np.int8
    assert from_json(Field("n", "int64"), np.int32(3)).shape == ()


def test_a_tensor_is_an_array():
    torch = pytest.importorskip("torch")
    read = from_json(X, torch.ones(1, 2, dtype=torch.bfloat16, requires_grad=True))
    assert read.tolist() == [[1, 1]]
    assert to_json(torch.ones(2)) == [1, 1]


def test_members_of_enumerations_are_what_they_stand_for():
    class Animal(enum.StrEnum):
        CAT = "cat"

    said = to_json([Animal.CAT, enum.IntEnum("Legs", "ONE TWO").TWO, True])
    assert said == ["cat", 2, True]
    assert [type(value) for value in said] == [str, int, bool]


def test_a_json_value_has_no_sizes_even_where_its_field_names_some():
    fields = (Field("a", "float32", ("batch",)), Field("b", "json", ("batch",)))
    given = {"a": [1, 2], "b": 7}
    assert read_inputs(Signature(fields, (), is_batched=True), given)["b"] == 7


def test_an_empty_list_has_the_axes_of_its_field():
    assert from_json(X, []).shape == (0, 2)


SIGNATURE = Signature((X, Field("y", "int64", ("batch",)), Field("name", "string")), ())


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [[1, 2]], "y": [1]}, "the input 'name' is missing: one string"),
        ({"x": [[1, 2]], "y": [1], "name": "a", "z": 1}, "no input 'z'; it takes x: float32"),
        ({"x": [[1, 2]], "y": [1], "name": "a", "nam": 1}, "did you mean 'name'"),
        ({"x": [[1, 2]], "y": [1, 2], "name": "a"}, "y has 2 as 'batch', and x has 1; they must be equal"),
    ],
    ids=["missing", "unknown", "misspelt", "other sizes"],
)
def test_inputs_are_those_of_the_signature(given, message):
    with pytest.raises(InputError, match=message):
        read_inputs(SIGNATURE, given)


def test_first_axes_count_examples_where_a_model_is_batched():
    fields = (Field("a", "float32", (None,)), Field("b", "float32", (None,)))
    with pytest.raises(InputError, match="counts examples, got a 1, b 2"):
        read_inputs(Signature(fields, (), is_batched=True), {"a": [1], "b": [1, 2]})


def test_inputs_come_in_the_order_of_the_signature():
    read = read_inputs(SIGNATURE, {"name": "a", "y": [1], "x": [[1, 2]]})
    assert list(read) == ["x", "y", "name"]


def test_a_model_without_a_signature_takes_what_it_is_given():
    assert read_inputs(None, {"x": [1]}) == {"x": [1]}


def test_what_json_has_no_word_for_is_refused():
    with pytest.raises(TypeError, match="cannot be said in JSON"):
        to_json({"x": object()})
    assert to_json({0: (np.float32(0.5), np.str_("a"), None)}) == {"0": [0.5, "a", None]}
