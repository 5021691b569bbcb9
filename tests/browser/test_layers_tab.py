"""The lab of a Keras model: its layers in front, a click that leads on, the comparison with Keras."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from browser.lab import Lab
from browser.looks import open_tab, settled

pytestmark = pytest.mark.browser
KERAS = """
import tfonnx_lab as lab
from tensorflow import keras
x = keras.Input((8, 8, 3), name="image")
y = keras.layers.Conv2D(4, 3, activation="relu", name="conv")(x)
y = keras.layers.Dense(5, name="scores")(keras.layers.Flatten(name="flat")(y))
it = lab.Lab(keras.Model(x, keras.layers.Softmax(name="prob")(y)))
it
"""


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_layers_of_a_keras_model_are_in_front(lab: Lab, page: Page, shots: Path, dark: bool) -> None:
    page.set_viewport_size({"width": 1000 if dark else 1400, "height": 800})
    lab.open(page, KERAS, dark=dark)
    view = page.locator(".tlv-layers")
    expect(view.locator(".tlv-title")).to_have_text("4 layers, as Keras's layers told")
    expect(page.get_by_role("tab", name="Layers", exact=True)).to_have_attribute("aria-selected", "true")
    view.locator("tbody tr", has_text="Softmax").click()
    op = lab.ask(page, "print(it.result.layers['prob'].ops[0])")
    assert lab.asked(page, "print(it.selection)", op)
    expect(page.locator(".tlv-selection")).to_contain_text(f"op {op} SOFTMAX")
    view.get_by_role("button", name="compare with Keras").click()
    expect(view.locator(".tlv-title")).to_contain_text("Keras, LiteRT and ONNX Runtime agree")
    settled(page)
    page.screenshot(path=shots / f"layers_{'dark' if dark else 'light'}.png")
    open_tab(page, "Overview")
    expect(page.locator(".tlo-body")).to_contain_text("ops became")
    lab.close(page)


def test_the_stepper_walks_through_one_layer(lab: Lab, page: Page) -> None:
    page.set_viewport_size({"width": 1400, "height": 800})
    lab.open(page, KERAS.replace("it = lab.Lab(", "it = lab.Stepper(lab.convert(").replace("(y)))\nit", "(y))))\nit"))
    steps = page.locator(".tl-slider, .tl-list").first
    expect(steps).to_be_visible()
    chosen = page.get_by_role("combobox", name="Show the steps of one layer")
    own = lab.ask(page, "print(it.layers['prob'])")
    chosen.select_option("prob")
    page.get_by_role("button", name="Next step").click()
    assert lab.asked(page, "print(it.index in it.layers['prob'])", "True"), own
    lab.close(page)
