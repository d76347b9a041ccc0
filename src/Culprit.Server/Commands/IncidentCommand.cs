using System.CommandLine;

namespace Culprit.Server.Commands;

/// <summary><c>culprit incident</c>: an incident of a running server, written up.</summary>
internal static class IncidentCommand
{
    private static readonly string[] Formats = ["md", "html", "json"];

    public static Command Create()
    {
        var id = new Argument<string>("ID") { Description = "Id of the incident, as alerts and GET /incidents show it." };
        var format = new Option<string>("--format") { Description = "md, html or json.", DefaultValueFactory = _ => "md" };
        format.AcceptOnlyFromAmong(Formats);
        var output = new Option<string?>("--output") { Description = "Write to this file instead of standard output." };
        var url = ServerCall.UrlOption();
        var json = ServerCall.JsonOption();
        var feedback = new FeedbackOptions();
        var acts = new ActOptions();
        var command = new Command("incident", "Writes up an incident of a running server: timeline, cause, evidence, changes, what was ruled out. With --ack or --resolve it answers the alert instead; with --accept, --reject or --correct it tells whether the cause is right.")
        {
            id, format, output, url, json,
        };
        acts.AddTo(command);
        feedback.AddTo(command);
        command.SetAction(async (result, token) =>
        {
            if (acts.Read(result) is var (verb, act))
            {
                return await PostAsync(verb, act, ActOptions.Describe).ConfigureAwait(false);
            }

            if (feedback.Read(result) is { } word)
            {
                return await PostAsync("feedback", word, FeedbackOptions.Describe).ConfigureAwait(false);
            }

            string? report = null;
            var chosen = result.GetValue(json) ? "json" : result.GetRequiredValue(format);
            var code = await ServerCall.RunAsync(
                result.GetRequiredValue(url), HttpMethod.Get,
                $"/incidents/{Uri.EscapeDataString(result.GetRequiredValue(id))}/report?format={chosen}", body => report = body, token).ConfigureAwait(false);
            return report is null ? code : await WriteAsync(report, result.GetValue(output), token).ConfigureAwait(false);

            async Task<int> PostAsync(string what, string body, Func<string, string> describe)
            {
                using var content = new StringContent(body, System.Text.Encoding.UTF8, "application/json");
                return await ServerCall.RunAsync(
                    result.GetRequiredValue(url), HttpMethod.Post, $"/incidents/{Uri.EscapeDataString(result.GetRequiredValue(id))}/{what}", content,
                    answer => Console.Out.WriteLine(result.GetValue(json) ? answer : describe(answer)), token).ConfigureAwait(false);
            }
        });
        return command;
    }

    private static async Task<int> WriteAsync(string report, string? path, CancellationToken cancellationToken)
    {
        if (path is null)
        {
            await Console.Out.WriteLineAsync(report.AsMemory(), cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }

        try
        {
            await File.WriteAllTextAsync(path, report, cancellationToken).ConfigureAwait(false);
            return ExitCodes.Success;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("culprit: the report could not be written: " + e.Message).ConfigureAwait(false);
            return ExitCodes.Failure;
        }
    }
}
