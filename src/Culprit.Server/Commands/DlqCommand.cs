using System.CommandLine;
using System.Text.Json;
using Culprit.Engine.Storage;
using Culprit.Server.Printing;

namespace Culprit.Server.Commands;

/// <summary><c>culprit dlq</c>: looks after the dead letters of a running server.</summary>
internal static class DlqCommand
{
    private static readonly Option<string> Url = ServerCall.UrlOption();
    private static readonly Option<bool> Json = ServerCall.JsonOption();

    public static Command Create() => new("dlq", "Dead letters of a running server: events and alerts that were tried in vain.")
    {
        List(), Show(), Retry(), RetryAll(), Drop(),
    };

    private static Command List()
    {
        var (kind, text) = Filters();
        var limit = new Option<int>("--limit") { Description = "Letters to show, 1 to 1000, newest first.", DefaultValueFactory = _ => 100 };
        var command = new Command("list", "Lists dead letters, newest first.") { kind, text, limit, Url, Json };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(Url), HttpMethod.Get,
            $"/events/dlq?limit={result.GetValue(limit)}{Query(result.GetValue(kind), result.GetValue(text))}",
            body => Print(body, result.GetValue(Json), WriteList), token));
        return command;
    }

    private static Command Show()
    {
        var id = Id();
        var command = new Command("show", "Shows a dead letter with what was sent.") { id, Url, Json };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(Url), HttpMethod.Get, Path(result.GetRequiredValue(id)),
            body => Print(body, result.GetValue(Json), WriteLetter), token));
        return command;
    }

    private static Command Retry()
    {
        var id = Id();
        var command = new Command("retry", "Puts the event through the engine again, or the alert back into the outbox.") { id, Url, Json };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(Url), HttpMethod.Post, Path(result.GetRequiredValue(id)) + "/retry",
            body => Print(body, result.GetValue(Json), _ => Console.Out.WriteLine("Retried.")), token));
        return command;
    }

    private static Command RetryAll()
    {
        var (kind, text) = Filters();
        var command = new Command("retry-all", "Tries all that can be tried again, at most 1000.") { kind, text, Url, Json };
        command.SetAction(async (result, token) =>
        {
            var failures = 0;
            var code = await ServerCall.RunAsync(
                result.GetRequiredValue(Url), HttpMethod.Post,
                $"/events/dlq/retry?limit=1000{Query(result.GetValue(kind), result.GetValue(text))}",
                body => Print(body, result.GetValue(Json), answer => failures = WriteRetried(answer)), token).ConfigureAwait(false);
            return failures > 0 ? ExitCodes.Failure : code;
        });
        return command;
    }

    private static Command Drop()
    {
        var id = Id();
        var command = new Command("drop", "Drops a dead letter for good.") { id, Url };
        command.SetAction((result, token) => ServerCall.RunAsync(
            result.GetRequiredValue(Url), HttpMethod.Delete, Path(result.GetRequiredValue(id)), _ => Console.Out.WriteLine("Dropped."), token));
        return command;
    }

    private static Argument<string> Id() => new("ID") { Description = "Id of the dead letter, as `dlq list` shows it." };

    private static (Option<string?> Kind, Option<string?> Text) Filters()
    {
        var kind = new Option<string?>("--kind") { Description = $"Only this kind: {string.Join(", ", DeadLetterKinds.All)}." };
        return (kind, new Option<string?>("--text") { Description = "Only letters with this in their reason." });
    }

    private static string Query(string? kind, string? text) =>
        (kind is null ? "" : "&kind=" + Uri.EscapeDataString(kind)) + (text is null ? "" : "&text=" + Uri.EscapeDataString(text));

    private static string Path(string id) => "/events/dlq/" + Uri.EscapeDataString(id);

    private static void Print(string body, bool asJson, Action<JsonElement> write)
    {
        if (asJson)
        {
            Console.Out.WriteLine(body);
            return;
        }

        using var answer = JsonDocument.Parse(body);
        write(answer.RootElement);
    }

    private static void WriteList(JsonElement answer)
    {
        var letters = answer.GetProperty("dead_letters");
        foreach (var letter in letters.EnumerateArray())
        {
            Console.Out.WriteLine($"{Text(letter, "at")}  {Text(letter, "kind"),-8}  {Text(letter, "id")}  {Text(letter, "reason")}");
        }

        if (letters.GetArrayLength() == 0)
        {
            Console.Out.WriteLine("No dead letters.");
        }
        else if (answer.GetProperty("next_cursor").ValueKind == JsonValueKind.String)
        {
            Console.Out.WriteLine("There are older ones: raise --limit.");
        }
    }

    private static void WriteLetter(JsonElement letter)
    {
        foreach (var field in letter.EnumerateObject())
        {
            Console.Out.WriteLine($"{field.Name,-10}  {TerminalText.Visible(field.Value.ToString())}");
        }
    }

    private static int WriteRetried(JsonElement answer)
    {
        var failed = answer.GetProperty("failed");
        Console.Out.WriteLine($"Retried {answer.GetProperty("retried").GetInt32()}, failed {failed.GetArrayLength()}.");
        foreach (var failure in failed.EnumerateArray())
        {
            Console.Error.WriteLine($"{Text(failure, "id")}: {Text(failure, "detail")}");
        }

        return failed.GetArrayLength();
    }

    private static string Text(JsonElement from, string name) => TerminalText.Visible(from.GetProperty(name).GetString());
}
