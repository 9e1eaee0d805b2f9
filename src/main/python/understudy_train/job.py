"""Base, adapter, steps: the part that needs torch, transformers and peft."""

import os
import time

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer

from understudy_train import rows as row_files
from understudy_train.packing import NAME, Packing
from understudy_train.progress import tell


def precision(device):
    """bfloat16 where the processor multiplies it in hardware, else float32."""
    if device.startswith("cuda"):
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    flags = ("avx512_bf16", "amx_bf16")
    try:
        with open("/proc/cpuinfo", encoding="ascii", errors="ignore") as info:
            known = info.read()
    except OSError:
        return torch.float32
    return torch.bfloat16 if any(flag in known for flag in flags) else torch.float32


def train(job, recipe):
    """Runs the job: reads the base from the served GGUF, trains, writes the PEFT adapter to ``job["out"]``."""
    device = recipe.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    torch.use_deterministic_algorithms(True, warn_only=True)
    dtype = precision(device)
    folder, file = os.path.split(job["base"])
    tell("loading", device=device, precision=str(dtype).removeprefix("torch."), torch=torch.__version__)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
    base = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=dtype, attn_implementation=NAME)

    def tokenize(text):
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    rows = row_files.read(job["rows"], tokenize, tokenizer.convert_tokens_to_ids(recipe.end_of_turn))
    config = LoraConfig(
        r=recipe.rank, lora_alpha=recipe.alpha, target_modules=list(recipe.targets), task_type="CAUSAL_LM"
    )
    model = get_peft_model(base.to(device), config)
    weights = [parameter for parameter in model.parameters() if parameter.requires_grad]
    for parameter in weights:
        parameter.data = parameter.data.float()
    steps(model, weights, rows, recipe, dtype, device)
    model.save_pretrained(job["out"])


def steps(model, weights, rows, recipe, dtype, device):
    """All optimiser steps over the rows; tells loss and time of each."""
    inner = model.base_model.model
    optimizer = torch.optim.AdamW(weights, lr=recipe.rate, weight_decay=0.0, betas=(0.9, 0.99))
    batches = recipe.batches(len(rows))
    model.train()
    began = time.monotonic()
    for step, numbers in enumerate(batches):
        for group in optimizer.param_groups:
            group["lr"] = recipe.rate_at(step, len(batches))
        batch = row_files.lay_out([rows[number] for number in numbers])
        body = inner.model(
            input_ids=torch.tensor([batch.ids], device=device),
            position_ids=torch.tensor([batch.positions], device=device),
            packing=Packing(batch, dtype, device),
            use_cache=False,
        )
        logits = inner.lm_head(body.last_hidden_state[0, torch.tensor(batch.predicting, device=device)])
        targets = torch.tensor(batch.targets, device=device)
        loss = torch.nn.functional.cross_entropy(logits.float(), targets)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        seconds = round(time.monotonic() - began, 1)
        tell("step", step=step + 1, steps=len(batches), loss=round(loss.item(), 5), seconds=seconds)
