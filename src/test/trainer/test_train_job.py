"""The trainer's own tests: exactness of the packing, and a whole tiny run."""

import torch
import transformers
from peft import LoraConfig, get_peft_model
from understudy_train import job
from understudy_train.packing import NAME, Packing
from understudy_train.recipe import Recipe
from understudy_train.rows import Row, lay_out

ROWS = [Row([1, 5, 9, 11, 3], [20, 21, 2]), Row([1, 5, 9, 7], [30, 2]), Row([1, 5, 9, 8, 8, 4], [22, 23, 24, 2])]


def tiny(attention):
    torch.manual_seed(3)
    config = transformers.LlamaConfig(
        vocab_size=64,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        attn_implementation=attention,
    )
    return transformers.LlamaForCausalLM(config)


def test_losses_of_a_packed_batch_are_those_of_separate_rows():
    packed, plain = tiny(NAME), tiny("eager")
    batch = lay_out(ROWS)
    with torch.no_grad():
        body = packed.model(
            input_ids=torch.tensor([batch.ids]),
            position_ids=torch.tensor([batch.positions]),
            packing=Packing(batch, torch.float32, "cpu"),
            use_cache=False,
        )
        logits = packed.lm_head(body.last_hidden_state[0, torch.tensor(batch.predicting)])
        at = 0
        for row in ROWS:
            alone = plain(torch.tensor([row.prompt + row.answer])).logits[0, len(row.prompt) - 1 : -1]
            torch.testing.assert_close(logits[at : at + len(row.answer)], alone, rtol=1e-4, atol=1e-5)
            at += len(row.answer)


def run():
    recipe = Recipe(7, ("q_proj", "v_proj"), 4, 8, 2e-2, 3, 12, 1, "cpu", "<|im_end|>")
    torch.manual_seed(recipe.seed)
    model = get_peft_model(tiny(NAME), LoraConfig(r=4, lora_alpha=8, target_modules=list(recipe.targets)))
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    job.steps(model, weights, ROWS, recipe, torch.float32, "cpu")
    return [weight.detach().clone() for weight in weights]


def test_training_learns_and_the_same_seed_gives_the_same_weights(capsys):
    first = run()
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 12
    losses = [float(line.split('"loss": ')[1].split(",")[0]) for line in lines]
    assert losses[-1] < losses[0]
    for one, other in zip(first, run(), strict=True):
        assert torch.equal(one, other)
