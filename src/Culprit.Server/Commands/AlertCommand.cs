using System.CommandLine;
using System.Text.Json;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit alert</c>: whether alerts of a running server arrive, and who would have got those of the past.</summary>
internal static class AlertCommand
{
    public static Command Create() => new("alert", "Alerts of a running server (docs/alerting.md).") { Test(), DryRun() };

    private static Command Test()
    {
        var route = new Argument<string>("ROUTE") { Description = "Name of the route." };
        var (url, json) = (ServerCall.UrlOption(), ServerCall.JsonOption());
        var command = new Command("test", "Sends a test alert to each sink of a route, and tells what it answered.") { route, url, json };
        command.SetAction(async (result, token) =>
        {
            var failed = false;
            var code = await ServerCall.RunAsync(
                result.GetRequiredValue(url), HttpMethod.Post, $"/alerts/routes/{Uri.EscapeDataString(result.GetRequiredValue(route))}/test",
                answer => failed = ShowTest(answer, result.GetValue(json)), token).ConfigureAwait(false);
            return failed ? ExitCodes.Failure : code;
        });
        return command;
    }

    private static Command DryRun()
    {
        var from = new Option<string?>("--from") { Description = "From when, ISO 8601. Default: 7 days before --to." };
        var to = new Option<string?>("--to") { Description = "Until when, ISO 8601. Default: now." };
        var (url, json) = (ServerCall.UrlOption(), ServerCall.JsonOption());
        var command = new Command("dry-run", "Tells who would have been told of the stored incidents, when, and why not. Nothing is sent.") { from, to, url, json };
        command.SetAction((result, token) =>
        {
            var range = new[] { ("from", result.GetValue(from)), ("to", result.GetValue(to)) }
                .Where(p => p.Item2 is not null).Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2!)}");
            return ServerCall.RunAsync(
                result.GetRequiredValue(url), HttpMethod.Get, "/alerts/dry-run?" + string.Join('&', range), answer => ShowRun(answer, result.GetValue(json)), token);
        });
        return command;
    }

    /// <summary>True when a sink did not take it.</summary>
    private static bool ShowTest(string answer, bool asJson)
    {
        using var document = JsonDocument.Parse(answer);
        var sinks = document.RootElement.GetProperty("sinks").EnumerateArray().ToList();
        if (asJson)
        {
            Console.Out.WriteLine(answer);
        }
        else
        {
            sinks.ForEach(s => Console.Out.WriteLine(TerminalText.Visible($"{Text(s, "sink"),-16}  {Text(s, "outcome")}{Reason(s, "detail")}")));
        }

        return sinks.Exists(s => Text(s, "outcome") != "delivered");
    }

    private static void ShowRun(string answer, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(answer);
            return;
        }

        using var document = JsonDocument.Parse(answer);
        foreach (var incident in document.RootElement.GetProperty("incidents").EnumerateArray())
        {
            Console.Out.WriteLine(TerminalText.Visible(Text(incident, "incident_id")));
            foreach (var delivery in incident.GetProperty("deliveries").EnumerateArray())
            {
                Console.Out.WriteLine(TerminalText.Visible(
                    $"  {Text(delivery, "ended_at") ?? Text(delivery, "added_at")}  {Text(delivery, "type"),-18}  {Text(delivery, "sink"),-16}  {Text(delivery, "state")}{Reason(delivery, "reason")}"));
            }
        }

        foreach (var sink in document.RootElement.GetProperty("totals").EnumerateObject())
        {
            Console.Out.WriteLine(TerminalText.Visible(
                $"{sink.Name,-16}  sent {sink.Value.GetProperty("sent").GetInt32()}, held {sink.Value.GetProperty("held").GetInt32()}, dropped {sink.Value.GetProperty("dropped").GetInt32()}"));
        }
    }

    private static string Reason(JsonElement json, string name) => Text(json, name) is { } reason ? ": " + reason : "";

    private static string? Text(JsonElement json, string name) => json.TryGetProperty(name, out var value) ? value.GetString() : null;
}
