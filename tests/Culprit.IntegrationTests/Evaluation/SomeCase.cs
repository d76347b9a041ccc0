using System.Globalization;
using System.Text;

namespace Culprit.IntegrationTests.Evaluation;

/// <summary>A small labelled incident: a quarter of an hour of ordinary traffic of a shop, then its database refuses.</summary>
internal static class SomeCase
{
    public static readonly DateTimeOffset Start = new(2026, 3, 1, 14, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset FaultAt => Start.AddMinutes(15);

    public static async Task WriteAsync(string folder, bool hasFault, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(folder);
        var lines = new StringBuilder();
        for (var second = 0; second < 1080; second++)
        {
            Line(lines, second, "api-gateway", "info", $"GET /users/{second} 200 in {second * 7 % 40} ms");
            Line(lines, second, "user-service", "info", $"loaded user {second}");
            if (hasFault && second >= 900 && second % 2 == 0)
            {
                Line(lines, second, "user-service", "error", "connection to orders-db refused");
                Line(lines, second, "api-gateway", "error", "upstream user-service failed");
            }
        }

        await File.WriteAllTextAsync(Path.Combine(folder, "logs.jsonl"), lines.ToString(), cancellationToken);
    }

    public static string Label(string id, string cause, string? more = null) => string.Create(CultureInfo.InvariantCulture,
        $$"""{"case_id":"{{id}}","start":"{{FaultAt:yyyy-MM-ddTHH:mm:ss}}Z","end":"{{FaultAt.AddMinutes(3):yyyy-MM-ddTHH:mm:ss}}Z","root_cause_service":"{{cause}}","fault_type":"refused"{{more}}}""");

    private static void Line(StringBuilder lines, int second, string service, string level, string message) =>
        lines.Append(CultureInfo.InvariantCulture,
            $$"""{"timestamp":"{{Start.AddSeconds(second):yyyy-MM-ddTHH:mm:ss}}.000Z","service":"{{service}}","level":"{{level}}","message":"{{message}}"}""").Append('\n');
}
