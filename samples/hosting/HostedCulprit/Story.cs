using System.Globalization;
using System.Text;
using Culprit.Engine;
using Culprit.Engine.Extending;
using OrderWatch;

namespace HostedCulprit;

/// <summary>A program that has the engine inside: no server, no files. Feeds it five errors and three refused orders.</summary>
public static class Story
{
    private static readonly (string Service, string Message)[] Errors =
    [
        ("api-gateway", "Upstream timeout"),
        ("user-service", "DB connection refused"),
        ("auth-service", "Redis unavailable"),
        ("user-service", "Query failed"),
        ("payment-service", "Transaction timeout"),
    ];

    /// <param name="now">The host tells the time; the engine has no clock.</param>
    public static async Task TellAsync(TextWriter writer, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var options = new CulpritEngineOptions
        {
            ServiceDependencies = new Dictionary<string, IReadOnlyList<string>> { ["user-service"] = ["postgres", "redis"] },
        };
        var engine = new CulpritEngine(options, new OrderWatchPlugin());
        foreach (var (service, message) in Errors)
        {
            var entry = $$"""{"type":"log.entry","service":"{{service}}","environment":"production","level":"error","message":"{{message}}"}""";
            Tell(writer, engine.Feed(Encoding.UTF8.GetBytes(entry), now).Events);
            now = now.AddMilliseconds(200);
        }

        for (var i = 0; i < 3; i++)
        {
            var order = string.Create(
                CultureInfo.InvariantCulture,
                $$"""{"type":"order.refused","service":"shop","environment":"production","amount":{{500 + i}}}""");
            Tell(writer, engine.Feed(Encoding.UTF8.GetBytes(order), now).Events);
            now = now.AddMilliseconds(200);
        }

        var refusal = engine.Feed("""{"type":"order.refused","service":"shop","amount":"many"}"""u8, now).Rejected[0];
        await writer.WriteLineAsync($"refused: {refusal.Code}: {refusal.Detail}");

        Tell(writer, engine.Tick(now.AddSeconds(1)));
        var round = await engine.CallHandlersAsync(now.AddSeconds(1), cancellationToken);
        Tell(writer, round.Events);
        foreach (var failure in round.Failures)
        {
            await writer.WriteLineAsync("failed: " + failure);
        }
    }

    private static void Tell(TextWriter writer, IEnumerable<EngineEvent> events)
    {
        foreach (var happened in events)
        {
            writer.WriteLine($"{happened.Type} {happened.Id} <- {happened.CausationId ?? "-"}");
        }
    }
}
