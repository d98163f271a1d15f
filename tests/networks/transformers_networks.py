"""Ten networks of transformers, of configurations so small that a test builds them, with random weights."""

from __future__ import annotations

from typing import Any

import transformers as zoo

from memprof import spec
from tests.networks.network import Network

_SIZES = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
_WORDS, _IMAGE = spec("2x16", "int64"), spec("2x3x32x32")


def networks() -> dict[str, Network]:
    """Return the networks by name."""
    text = {**_SIZES, "vocab_size": 100}
    image: dict[str, Any] = {**_SIZES, "image_size": 32, "patch_size": 8}
    masked = {"input_ids": _WORDS, "attention_mask": _WORDS}
    gpt2 = zoo.GPT2Config(n_embd=32, n_layer=2, n_head=4, vocab_size=100, n_positions=64)
    clip = zoo.CLIPConfig(text_config={**text, "eos_token_id": 2}, vision_config=image, projection_dim=16)
    t5 = zoo.T5Config(d_model=32, d_kv=8, d_ff=64, num_layers=2, num_heads=4, vocab_size=100)
    whisper = zoo.WhisperConfig(
        d_model=32, encoder_layers=1, decoder_layers=1, encoder_attention_heads=4, decoder_attention_heads=4,
        encoder_ffn_dim=64, decoder_ffn_dim=64, vocab_size=100, num_mel_bins=16, max_source_positions=50,
        pad_token_id=1, bos_token_id=1, eos_token_id=1, decoder_start_token_id=1,
    )  # fmt: skip
    segformer = zoo.SegformerConfig(
        hidden_sizes=[8, 16, 32, 64], depths=[1] * 4, num_attention_heads=[1, 2, 2, 4], decoder_hidden_size=32
    )
    swin = zoo.SwinConfig(image_size=32, embed_dim=16, depths=[1, 1], num_heads=[2, 4], window_size=4)
    llama = zoo.LlamaConfig(num_key_value_heads=2, **text)
    heard = {"input_features": spec("2x16x100"), "decoder_input_ids": _WORDS}
    return {
        "bert": Network(lambda: zoo.BertForSequenceClassification(zoo.BertConfig(**text)), kwargs=masked),
        "bert, labelled": Network(
            lambda: zoo.BertForMaskedLM(zoo.BertConfig(**text)), kwargs={**masked, "labels": _WORDS}
        ),
        "gpt2": Network(lambda: zoo.GPT2LMHeadModel(gpt2), kwargs={"input_ids": _WORDS}),
        "vit": Network(lambda: zoo.ViTForImageClassification(zoo.ViTConfig(**image)), kwargs={"pixel_values": _IMAGE}),
        "clip": Network(lambda: zoo.CLIPModel(clip), kwargs={**masked, "pixel_values": _IMAGE}),
        "t5": Network(
            lambda: zoo.T5ForConditionalGeneration(t5), kwargs={"input_ids": _WORDS, "decoder_input_ids": _WORDS}
        ),
        "llama": Network(lambda: zoo.LlamaForCausalLM(llama), kwargs={"input_ids": _WORDS}),
        "whisper": Network(lambda: zoo.WhisperForConditionalGeneration(whisper), kwargs=heard),
        "segformer": Network(
            lambda: zoo.SegformerForSemanticSegmentation(segformer), kwargs={"pixel_values": spec("2x3x64x64")}
        ),
        "swin": Network(lambda: zoo.SwinForImageClassification(swin), kwargs={"pixel_values": _IMAGE}),
    }
