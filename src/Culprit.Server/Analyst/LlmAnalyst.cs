using System.Globalization;
using System.Text.Json;
using Culprit.Server.Analyst.Tools;
using Culprit.Server.Configuration;
using Culprit.Server.Redaction;
using Microsoft.Extensions.AI;

namespace Culprit.Server.Analyst;

/// <summary>Lets a model explain a case with tools, and keeps of its answer what evidence bears out.</summary>
/// <remarks>
/// The model is treated as if it worked for an attacker: it can only read, through tools whose scope it cannot change; it cannot add causes;
/// and it decides nothing. Whatever it or its endpoint does, the result is an <see cref="Analysis"/>, never an exception.
/// </remarks>
/// <param name="remote">Tools of other servers; null for none.</param>
/// <param name="books">Makes the evidence book of a case. Default: one with ids that nobody can guess.</param>
internal sealed class LlmAnalyst(
    IChatClient client, AnalystSection options, IReadOnlyList<IAnalystTool> tools, AnalystBudget budget, TimeProvider clock, RemoteTools? remote = null,
    Func<AnalystCase, EvidenceBook>? books = null)
{
    public string Model => options.Model!;

    /// <summary>The ranker's first answers follow each other quickly: how long its suspect must stay the same before it is worth asking.</summary>
    public TimeSpan Settle => TimeSpan.FromSeconds(options.SettleSeconds);

    public async Task<Analysis> AnalyseAsync(AnalystCase @case, CancellationToken cancellationToken)
    {
        var further = remote is null ? [] : await remote.FindAsync(cancellationToken).ConfigureAwait(false);
        var run = new Run(this, @case, [.. tools, .. further]);
        using var time = new CancellationTokenSource(TimeSpan.FromSeconds(options.MaxSeconds), clock);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, time.Token);
        try
        {
            // A client that ignores its cancellation is left behind.
            return await run.AskAsync(both.Token).WaitAsync(both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return run.Fail(time.IsCancellationRequested
                ? string.Create(CultureInfo.InvariantCulture, $"the model took longer than {options.MaxSeconds:0.#} s (analyst:maxSeconds)")
                : "the model's endpoint did not answer in time");
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Three SDKs with exceptions of their own: whatever goes wrong there, the ranker's report stands.
            return run.Fail(ModelFailure.Describe(e));
        }
        finally
        {
            budget.Spend(clock.GetUtcNow(), run.Tokens, run.Cost, run.Seconds);
        }
    }

    /// <summary>One case with its evidence, tools and counters.</summary>
    private sealed class Run
    {
        private readonly LlmAnalyst _owner;
        private readonly AnalystCase _case;
        private readonly EvidenceBook _book;
        private readonly Redactor _redactor = new();
        private readonly List<TranscriptEntry> _transcript = [];
        private readonly ToolBench _bench;
        private readonly long _began;
        private long _input;
        private long _output;

        public Run(LlmAnalyst owner, AnalystCase @case, IReadOnlyList<IAnalystTool> tools)
        {
            _owner = owner;
            _case = @case;
            _book = owner.Books?.Invoke(@case) ?? EvidenceBook.Create();
            _bench = new ToolBench(
                tools, new ToolScope(@case.Environment, @case.From, @case.To, @case.StartedAt), _book, _redactor);
            _began = owner.Clock.GetTimestamp();
        }

        public long Tokens => _input + _output;

        public double Seconds => _owner.Clock.GetElapsedTime(_began).TotalSeconds;

        public double? Cost => _owner.Budget.CostOf(_input, _output);

        public async Task<Analysis> AskAsync(CancellationToken cancellationToken)
        {
            var data = CasePrompt.Write(_case, _book, _redactor, _owner.Options.ContextTokens);
            _transcript.Add(new TranscriptEntry("system", CasePrompt.System));
            _transcript.Add(new TranscriptEntry("user", data));
            var messages = new List<ChatMessage>
            {
                new(ChatRole.System, [_owner.Cached(new TextContent(CasePrompt.System))]),
                new(ChatRole.User, data),
            };
            while (true)
            {
                if (Obstacle() is { } obstacle)
                {
                    return Fail(obstacle);
                }

                var response = await _owner.SendAsync(messages, _bench, cancellationToken).ConfigureAwait(false);
                Count(response, messages);
                var calls = response.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>().ToList();
                if (calls.Count == 0)
                {
                    return Judge(response);
                }

                // One more than allowed is told so; who still goes on will go on for ever.
                if (_bench.Calls > ToolBench.MaxCalls)
                {
                    return Fail($"the model kept asking for lookups after {ToolBench.MaxCalls}");
                }

                messages.AddRange(response.Messages);
                var answers = new List<AIContent>();
                foreach (var call in calls)
                {
                    _transcript.Add(new TranscriptEntry("call", call.Name + " " + JsonSerializer.Serialize(call.Arguments)));
                    var answer = await _bench.CallAsync(call, cancellationToken).ConfigureAwait(false);
                    _transcript.Add(new TranscriptEntry("tool", answer));
                    answers.Add(new FunctionResultContent(call.CallId, answer));
                }

                messages.Add(new ChatMessage(ChatRole.Tool, answers));
            }
        }

        public Analysis Fail(string reason) => new() { Model = _owner.Model, Failure = reason, Usage = Usage(), Transcript = [.. _transcript] };

        private string? Obstacle()
        {
            var options = _owner.Options;
            return _owner.Budget.Obstacle
                ?? (Tokens >= options.MaxTokens ? $"its tokens are used up (analyst:maxTokens, {options.MaxTokens})"
                : Cost >= options.MaxCost ? string.Create(CultureInfo.InvariantCulture, $"its money is used up (analyst:maxCost, {options.MaxCost} dollars)")
                : null);
        }

        /// <summary>Usage as the endpoint tells it; an estimate for one that does not.</summary>
        private void Count(ChatResponse response, List<ChatMessage> messages)
        {
            _input += response.Usage?.InputTokenCount ?? messages.Sum(m => m.Contents.Sum(Length)) / 3;
            _output += response.Usage?.OutputTokenCount ?? response.Messages.Sum(m => m.Contents.Sum(Length)) / 3;
            if (response.Text is { Length: > 0 } text)
            {
                _transcript.Add(new TranscriptEntry("assistant", text));
            }

            static long Length(AIContent content) => content switch
            {
                TextContent text => text.Text.Length,
                FunctionResultContent result => (result.Result as string)?.Length ?? 0,
                FunctionCallContent call => call.Name.Length + 40,
                _ => 0,
            };
        }

        private Analysis Judge(ChatResponse response)
        {
            if (response.FinishReason == ChatFinishReason.Length)
            {
                return Fail("the model's answer was cut off (analyst:maxAnswerTokens)");
            }

            if (response.FinishReason == ChatFinishReason.ContentFilter)
            {
                return Fail("the provider withheld the answer");
            }

            // Text beside tool calls belongs to earlier messages; the answer is the last.
            var text = response.Messages.Count > 0 ? response.Messages[^1].Text : "";
            if (AnalystAnswer.Parse(text, out var problem) is not { } answer)
            {
                return Fail("the model's answer was not of the schema: " + problem);
            }

            return new AnswerJudge(_case, _book, _redactor).Judge(answer) with
            {
                Model = _owner.Model,
                Usage = Usage(),
                Transcript = [.. _transcript],
            };
        }

        private AnalysisUsage Usage() => new(
            _input, _output, _bench.Calls, Math.Round(Seconds, 3), Cost);
    }

    private AnalystSection Options => options;

    private AnalystBudget Budget => budget;

    private Func<AnalystCase, EvidenceBook>? Books => books;

    private TimeProvider Clock => clock;

    private async Task<ChatResponse> SendAsync(List<ChatMessage> messages, ToolBench bench, CancellationToken cancellationToken)
    {
        var chat = new ChatOptions
        {
            Tools = bench.Declarations,
            ToolMode = bench.Calls >= ToolBench.MaxCalls ? ChatToolMode.None : ChatToolMode.Auto,
            MaxOutputTokens = options.MaxAnswerTokens,
            ResponseFormat = ChatResponseFormat.ForJsonSchema(AnalystAnswer.Schema, "analysis"),
        };
        return options.Streaming
            ? await client.GetStreamingResponseAsync(messages, chat, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false)
            : await client.GetResponseAsync(messages, chat, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Marks the part that is the same in every request; other providers cache by themselves.</summary>
    private TextContent Cached(TextContent content) => options.Provider == "anthropic" ? content.WithCacheControl(Anthropic.Models.Messages.Ttl.Ttl5m) : content;
}
