using System.Text.Json.Nodes;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;

namespace Culprit.IntegrationTests.Analyst;

/// <summary>The official SDKs against a server that speaks their protocols: what a model and its endpoint may do to an analysis.</summary>
public class LlmAnalystTests
{
    private const string Errors = "get_service_error_history";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, bool> Protocols => new()
    {
        { "anthropic", true }, { "anthropic", false }, { "openai", true }, { "openai", false },
    };

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task AModelThatLooksUpAndCitesIsKept(string provider, bool streaming)
    {
        var tool = new AnalystScene.Tool();
        await using var model = await ModelServer.StartAsync((request, number) => number == 0
            ? new Move.Call(Errors, """{"service":"checkout"}""")
            : new Move.Say(AnalystScene.Answer(
                "c1", "checkout cannot connect to postgres.",
                ("checkout says 14 times connection to postgres refused", AnalystScene.EvidenceId(request, "connection to postgres refused")),
                ("checkout logged pool exhausted after 30 waits", AnalystScene.EvidenceId(request, "pool exhausted")))));

        var analysis = await AskAsync(model, provider, streaming, tool);

        Assert.Null(analysis.Failure);
        Assert.Equal("postgres", analysis.Verdict!.Service);
        Assert.Equal(2, analysis.Claims.Count);
        Assert.Equal(["r9"], analysis.Claims[1].Evidence[0].RecordIds);
        Assert.Equal("checkout cannot connect to postgres.", analysis.Summary);
        Assert.Equal("checkout", analysis.RestsOn);
        Assert.Equal((2000, 200, 1), (analysis.Usage.InputTokens, analysis.Usage.OutputTokens, analysis.Usage.Lookups));
        Assert.Equal(0.0035, analysis.Usage.Cost!.Value, 6);
        Assert.Equal(1, tool.Calls);
        Assert.Equal(["system", "user", "call", "tool", "assistant"], analysis.Transcript.Select(t => t.Role));
        Assert.Contains("key-of-the-test", model.Key, StringComparison.Ordinal);
    }

    public static TheoryData<string, bool, string, string> Faults
    {
        get
        {
            var data = new TheoryData<string, bool, string, string>();
            foreach (var (name, reason) in new (string, string)[]
            {
                ("busy", "429"), ("busy without a time", "429"), ("overloaded", "overloaded"), ("refused key", "refused the key"),
                ("broken off", ""), ("garbage", ""), ("cut", "cut off"), ("no json", "not of the schema"), ("other schema", "not of the schema"),
                ("invented ids", "none of the model's claims"), ("stranger", "no candidate"), ("lies", "none of the model's claims"),
                ("endless", "kept asking"), ("hangs", "longer than"),
            })
            {
                foreach (var (provider, streaming) in Protocols.Select(p => p.Data))
                {
                    data.Add(provider, streaming, name, reason);
                }
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task WhateverGoesWrongTheReasonIsGivenAndNothingIsClaimed(string provider, bool streaming, string fault, string reason)
    {
        await using var model = await ModelServer.StartAsync((request, _) => fault switch
        {
            "busy" => new Move.Refuse(429, "0"),
            "busy without a time" => new Move.Refuse(429),
            "overloaded" => new Move.Refuse(provider == "anthropic" ? 529 : 503),
            "refused key" => new Move.Refuse(401),
            "broken off" => new Move.BreakOff(),
            "garbage" => new Move.Garbage("<html>bad gateway</html>"),
            "cut" => new Move.Say("""{"verdict":"c1","summ""", IsCut: true),
            "no json" => new Move.Say("I think it is postgres."),
            "other schema" => new Move.Say("""{"verdict":"c1","summary":"","claims":[],"run":"rm"}"""),
            "invented ids" => new Move.Say(AnalystScene.Answer("c1", "", ("checkout says connection to postgres refused", "zzzz-1"))),
            "stranger" => new Move.Say(AnalystScene.Answer("c9", "", ("checkout says 14 times connection to postgres refused", AnalystScene.EvidenceId(request, "connection to postgres")))),
            "lies" => new Move.Say(AnalystScene.Answer("c1", "", ("postgres ran out of memory 99 times", AnalystScene.EvidenceId(request, "connection to postgres")))),
            "endless" => new Move.Call(Errors, """{"service":"checkout"}"""),
            "hangs" => new Move.Hang(),
            _ => throw new System.Diagnostics.UnreachableException(fault),
        });

        var analysis = await AskAsync(model, provider, streaming, new AnalystScene.Tool(), seconds: fault == "hangs" ? 1 : 30);

        Assert.NotNull(analysis.Failure);
        Assert.Contains(reason, analysis.Failure, StringComparison.Ordinal);
        Assert.Empty(analysis.Claims);
        Assert.Null(analysis.Verdict);
        Assert.Empty(analysis.Summary);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task AnEndpointThatIsDownIsSaidToBe(string provider, bool streaming)
    {
        var model = await ModelServer.StartAsync(new Move.Hang());
        var options = Options(model, provider, streaming);
        await model.DisposeAsync(); // Its port is closed now.

        var analysis = await AskAsync(options, new AnalystBudget(options, TimeProvider.System), new AnalystScene.Tool());

        Assert.Equal("the model's endpoint cannot be reached or broke off", analysis.Failure);
    }

    [Fact]
    public async Task WhatIsAlwaysTheSameIsMarkedForTheProvidersCache()
    {
        await using var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Honest(request)));

        await AskAsync(model, "anthropic", true, new AnalystScene.Tool());

        var system = model.Requests[0]["system"]!.AsArray();
        Assert.Equal("ephemeral", (string?)system[^1]!["cache_control"]!["type"]);
        Assert.DoesNotContain("postgres", system.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task AnEndpointThatIsBusyOnceIsAskedAgain(string provider, bool streaming)
    {
        await using var model = await ModelServer.StartAsync((request, number) =>
            number == 0 ? new Move.Refuse(429, "0") : new Move.Say(AnalystScene.Honest(request)));

        var analysis = await AskAsync(model, provider, streaming, new AnalystScene.Tool());

        Assert.Null(analysis.Failure);
        Assert.Equal(2, model.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(Protocols))]
    public async Task LookupsThatAreWrongAreAnsweredAndTheModelGoesOn(string provider, bool streaming)
    {
        var tool = new AnalystScene.Tool();
        await using var model = await ModelServer.StartAsync((request, number) => number switch
        {
            0 => new Move.Call("run_shell", """{"command":"id"}"""),
            1 => new Move.Call(Errors, "{}"),
            2 => new Move.Call(Errors, """{"service":"checkout","from":"1970"}"""),
            3 => new Move.Call(Errors, """{"service":["checkout"]}"""),
            _ => new Move.Say(AnalystScene.Honest(request)),
        });

        var analysis = await AskAsync(model, provider, streaming, tool);

        Assert.Null(analysis.Failure);
        Assert.Equal(0, tool.Calls);
        Assert.Equal(4, analysis.Usage.Lookups);
        var notes = analysis.Transcript.Where(t => t.Role == "tool").Select(t => (string?)JsonNode.Parse(t.Text)!["note"]).ToList();
        Assert.Contains("no such tool", notes[0], StringComparison.Ordinal);
        Assert.Contains("service is missing", notes[1], StringComparison.Ordinal);
        Assert.Contains("not known", notes[2], StringComparison.Ordinal);
        Assert.Contains("must be a text", notes[3], StringComparison.Ordinal);
    }

    [Fact]
    public async Task NoMoreThanTheTokensOfAnIncidentAreSpent()
    {
        await using var model = await ModelServer.StartAsync(new Move.Call(Errors, """{"service":"checkout"}"""));

        var analysis = await AskAsync(model, "openai", true, new AnalystScene.Tool(), options => options.MaxTokens = 3000);

        Assert.Contains("analyst:maxTokens", analysis.Failure, StringComparison.Ordinal);
        Assert.Equal(3, model.Requests.Count);
    }

    [Fact]
    public async Task NoMoreThanTheMoneyOfADayIsSpent()
    {
        await using var model = await ModelServer.StartAsync((request, _) => new Move.Say(AnalystScene.Honest(request)));
        var options = Options(model, "anthropic", true);
        options.MaxDailyCost = 0.003;
        var budget = new AnalystBudget(options, TimeProvider.System);

        var first = await AskAsync(options, budget, new AnalystScene.Tool());
        var second = await AskAsync(options, budget, new AnalystScene.Tool());
        var third = await AskAsync(options, budget, new AnalystScene.Tool());

        Assert.Null(first.Failure);
        Assert.Null(second.Failure);
        Assert.Contains("analyst:maxDailyCost", third.Failure, StringComparison.Ordinal);
        Assert.Equal(2, model.Requests.Count);
    }

    [Fact]
    public async Task SecretsStayHereAndComeBackInClaims()
    {
        var tool = new AnalystScene.Tool { Line = "error {0}: login of anna.berg@example.com failed, password=hunter2hunter2" };
        await using var model = await ModelServer.StartAsync((request, number) => number == 0
            ? new Move.Call(Errors, """{"service":"checkout"}""")
            : new Move.Say(AnalystScene.Answer("unknown", "", ("login of [email-1] failed at checkout", AnalystScene.EvidenceId(request, "login of")))));

        var analysis = await AskAsync(model, "anthropic", true, tool);

        var sent = string.Join('\n', model.Requests.Select(r => r.ToJsonString()));
        Assert.DoesNotContain("anna.berg", sent, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", sent, StringComparison.Ordinal);
        Assert.Equal("login of anna.berg@example.com failed at checkout", Assert.Single(analysis.Claims).Text);
        Assert.DoesNotContain(analysis.Transcript, t => t.Text.Contains("hunter2", StringComparison.Ordinal));
    }

    private static Task<Analysis> AskAsync(
        ModelServer model, string provider, bool streaming, AnalystScene.Tool tool, Action<AnalystSection>? change = null, double seconds = 30)
    {
        var options = Options(model, provider, streaming);
        options.MaxSeconds = seconds;
        change?.Invoke(options);
        return AskAsync(options, new AnalystBudget(options, TimeProvider.System), tool);
    }

    private static async Task<Analysis> AskAsync(AnalystSection options, AnalystBudget budget, AnalystScene.Tool tool)
    {
        using var client = ChatClients.Create(options, "key-of-the-test");
        return await new LlmAnalyst(client, options, [tool], budget, TimeProvider.System).AnalyseAsync(AnalystScene.Create(), Token);
    }

    private static AnalystSection Options(ModelServer model, string provider, bool streaming) => new()
    {
        Model = provider + ":test",
        BaseUrl = provider == "anthropic" ? model.AnthropicUrl : model.OpenAiUrl,
        Streaming = streaming,
        InputPrice = 1,
        OutputPrice = 7.5,
    };
}
