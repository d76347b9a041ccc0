using System.Text.Json;
using System.Text.Json.Nodes;
using Culprit.Server.Analyst;
using Culprit.Server.Analyst.Tools;

namespace Culprit.IntegrationTests.Analyst;

/// <summary>A case with two candidates, a tool that finds something, and answers that a model may give.</summary>
internal static class AnalystScene
{
    public static readonly DateTimeOffset Start = new(2026, 11, 23, 5, 0, 0, TimeSpan.Zero);

    public static AnalystCase Create() => new()
    {
        Environment = "production",
        From = Start.AddMinutes(-30),
        To = Start.AddMinutes(10),
        StartedAt = Start,
        Anomalies = ["connection_failure: 14 errors in 60 s; expected 0; services checkout"],
        Services = ["checkout", "postgres"],
        RankerSays = "postgres refuses connections since 05:00",
        RuledOut = ["search: nothing changed"],
        Candidates =
        [
            new CaseCandidate("c1", "dependency", "postgres", 0.8, null,
                [new CaseItem("checkout says 14 times \"connection to postgres refused\" since 05:00:02", 2.5, ["r1"])],
                [new CaseItem("postgres has no metrics", -0.2, [])]),
            new CaseCandidate("c2", "service", "checkout", 0.2, null, [new CaseItem("checkout has 14 new errors", 0.5, ["r1"])], []),
        ],
    };

    /// <summary>An honest answer about c1, citing what the request has.</summary>
    public static string Honest(JsonNode request) => Answer("c1", "checkout cannot connect to postgres.", ("checkout says 14 times connection to postgres refused", EvidenceId(request, "connection to postgres refused")));

    public static string Answer(string verdict, string summary, params (string Text, string Evidence)[] claims) => new JsonObject
    {
        ["verdict"] = verdict,
        ["summary"] = summary,
        ["claims"] = new JsonArray([.. claims.Select(c => (JsonNode)new JsonObject { ["text"] = c.Text, ["evidence"] = new JsonArray(c.Evidence) })]),
    }.ToJsonString();

    /// <summary>The id of the evidence with that text, looked for everywhere in a request, as a model that reads would.</summary>
    public static string EvidenceId(JsonNode request, string text) => Evidence(request, text).Id;

    /// <summary>Likewise, with all of its text.</summary>
    public static (string Text, string Id) Evidence(JsonNode request, string text)
    {
        foreach (var value in Texts(request))
        {
            if (!value.Contains("\"id\"", StringComparison.Ordinal) || Parse(value) is not { } json || (json["evidence"] as JsonArray) is not { } evidence)
            {
                continue;
            }

            if (evidence.FirstOrDefault(e => ((string)e!["text"]!).Contains(text, StringComparison.Ordinal)) is { } found)
            {
                return ((string)found["text"]!, (string)found["id"]!);
            }
        }

        throw new InvalidOperationException($"No evidence of the request says '{text}': {request.ToJsonString()}");
    }

    /// <summary>Every text of the request, tool results included.</summary>
    public static IEnumerable<string> Texts(JsonNode? node) => node switch
    {
        JsonValue value when value.GetValueKind() == JsonValueKind.String => [value.GetValue<string>()],
        JsonArray array => array.SelectMany(Texts),
        JsonObject json => json.SelectMany(p => Texts(p.Value)),
        _ => [],
    };

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Finds one line of whatever service is asked about, and counts its calls.</summary>
    internal sealed class Tool : IAnalystTool
    {
        private int _calls;

        public int Calls => _calls;

        public string Line { get; init; } = "2026-11-23T05:00:03Z error {0}: pool exhausted after 30 waits";

        public string Name => "get_service_error_history";

        public string Description => "Errors of a service.";

        public JsonElement Parameters { get; } = ToolSchema.Of((ToolSchema.Service, "Its name."));

        public Task<ToolFindings> LookUpAsync(ToolScope scope, IReadOnlyDictionary<string, string> arguments, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _calls);
            var service = arguments[ToolSchema.Service];
            return Task.FromResult(new ToolFindings([new ToolItem(Line.Replace("{0}", service, StringComparison.Ordinal), service, ["r9"])]));
        }
    }
}
