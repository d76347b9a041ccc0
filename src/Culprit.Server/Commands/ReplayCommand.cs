using System.CommandLine;
using System.Net.Http.Headers;
using System.Text.Json;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit replay</c>: has a running server play stored records again, and shows what follows.</summary>
internal static class ReplayCommand
{
    public static Command Create()
    {
        var from = new Option<string>("--from") { Description = "Earliest event time, inclusive (ISO 8601).", Required = true };
        var to = new Option<string>("--to") { Description = "Latest event time, exclusive (ISO 8601).", Required = true };
        var types = new Option<string[]>("--type") { Description = "Show and publish only events of these types.", AllowMultipleArgumentsPerToken = true };
        var service = new Option<string?>("--service") { Description = "Play only records of this service." };
        var environment = new Option<string?>("--environment") { Description = "Play only records of this environment." };
        var live = new Option<bool>("--live") { Description = "Publish records and events to subscribers, marked as replayed (default: a dry run)." };
        var alert = new Option<bool>("--alert") { Description = "With --live: also send the alerts and call the handlers of rules again." };
        var url = ServerCall.UrlOption();
        var json = new Option<bool>("--json") { Description = "Print the server's answer as it comes: one JSON object a line." };
        var command = new Command("replay", "Plays stored records of a running server through a fresh engine.")
        {
            from, to, types, service, environment, live, alert, url, json,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(alert) && !result.GetValue(live))
            {
                result.AddError("--alert needs --live: a dry run tells nobody.");
            }
        });
        command.SetAction((result, token) =>
        {
            var request = new Dictionary<string, object>
            {
                ["from"] = result.GetRequiredValue(from),
                ["to"] = result.GetRequiredValue(to),
                ["mode"] = result.GetValue(live) ? "live" : "dry_run",
                ["alert"] = result.GetValue(alert),
            };
            Add(request, "types", result.GetValue(types) is { Length: > 0 } some ? some : null);
            Add(request, "service", result.GetValue(service));
            Add(request, "environment", result.GetValue(environment));
            return RunAsync(result.GetRequiredValue(url), JsonSerializer.SerializeToUtf8Bytes(request), result.GetValue(json), token);
        });
        return command;
    }

    private static void Add(Dictionary<string, object> request, string name, object? value)
    {
        if (value is not null)
        {
            request.Add(name, value);
        }
    }

    private static async Task<int> RunAsync(string url, byte[] body, bool asJson, CancellationToken cancellationToken)
    {
        try
        {
            using var client = ServerCall.CreateClient();
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var request = new HttpRequestMessage(HttpMethod.Post, ServerCall.Address(url, "/events/replay")) { Content = content };
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            if (!response.IsSuccessStatusCode)
            {
                return await ServerCall.FailAsync(response, cancellationToken).ConfigureAwait(false);
            }

            var stream = await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
            using var lines = new StreamReader(stream);
            var isDone = false;
            while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                using var told = JsonDocument.Parse(line);
                isDone |= told.RootElement.TryGetProperty("done", out _);
                Show(line, told.RootElement, asJson);
            }

            if (!isDone)
            {
                await Console.Error.WriteLineAsync("culprit: the server stopped the replay before its end.").ConfigureAwait(false);
            }

            return isDone ? ExitCodes.Success : ExitCodes.Failure;
        }
        catch (HttpRequestException e)
        {
            return await ServerCall.UnreachableAsync(url, e).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            await Console.Error.WriteLineAsync($"culprit: the answer of {url} broke off: {e.Message}").ConfigureAwait(false);
            return ExitCodes.Failure;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ExitCodes.Failure;
        }
    }

    private static void Show(string line, JsonElement told, bool asJson)
    {
        if (asJson)
        {
            Console.Out.WriteLine(line);
        }
        else if (told.TryGetProperty("event", out var made))
        {
            Console.Out.WriteLine($"{Text(made, "timestamp")}  {Text(made, "type"),-18}  {Text(made, "id")}");
        }
        else if (told.TryGetProperty("done", out var done))
        {
            var counts = string.Join(", ", done.GetProperty("events").EnumerateObject().Select(c => $"{c.Value.GetInt64()} {TerminalText.Visible(c.Name)}"));
            Console.Out.WriteLine($"{done.GetProperty("records").GetInt64()} records played: {(counts.Length > 0 ? counts : "no events")}.");
        }
        else if (told.TryGetProperty("progress", out var progress) && !Console.IsErrorRedirected)
        {
            Console.Error.Write($"\r{progress.GetProperty("records").GetInt64()} records, {Text(progress, "at")}  \r");
        }
    }

    private static string Text(JsonElement from, string name) =>
        from.TryGetProperty(name, out var value) ? TerminalText.Visible(value.GetString()) : string.Empty;
}
