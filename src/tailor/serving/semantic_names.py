"""What a span's attributes are called: the one place that knows OpenTelemetry's names for generative AI.

They are still called experimental there and change; whoever follows a change edits this file. Semantic conventions 1.40
(opentelemetry.io/docs/specs/semconv/gen-ai). Names under `tailor.` are ours: nothing general says the same.
"""

from __future__ import annotations

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
REQUEST_MODEL = "gen_ai.request.model"
REQUEST_MAX_TOKENS = "gen_ai.request.max_tokens"
REQUEST_CHOICES = "gen_ai.request.choice.count"
REQUEST_STREAM = "gen_ai.request.stream"
RESPONSE_ID = "gen_ai.response.id"
RESPONSE_MODEL = "gen_ai.response.model"
RESPONSE_FINISH = "gen_ai.response.finish_reasons"
RESPONSE_FIRST_CHUNK = "gen_ai.response.time_to_first_chunk"
INPUT_TOKENS = "gen_ai.usage.input_tokens"
OUTPUT_TOKENS = "gen_ai.usage.output_tokens"

HTTP_ROUTE = "http.route"
HTTP_STATUS = "http.response.status_code"
ERROR = "error.type"

KEY = "tailor.key.id"
EXPERIMENT = "tailor.experiment.id"
ARM = "tailor.experiment.arm"
PHASE = "tailor.experiment.phase"
SHADOW_OF = "tailor.shadow_of"
COST = "tailor.cost.usd"

OPERATIONS = {"/v1/chat/completions": "chat", "/v1/completions": "text_completion", "/v1/embeddings": "embeddings"}
"""Route -> the well-known value of the operation's name."""
