using System.CommandLine;
using System.Globalization;
using Culprit.Server.Analysis;

namespace Culprit.Server.Commands;

/// <summary><c>culprit analyze</c>: log files in, incidents and their causes out. The same engine as the server's.</summary>
internal static class AnalyzeCommand
{
    public static Command Create()
    {
        var paths = FileRun.PathArgument("analyze");
        var json = FileRun.JsonOption();
        var html = FileRun.HtmlOption();
        var sessions = new Option<string?>("--sessions") { Description = "Follow requests and jobs by their ids and write one JSON line for each to this file." };
        var threshold = new Option<string?>("--threshold") { Description = "Open an incident at so many errors even without a baseline, such as 5/60s. Files often start mid-life, so it is off by default." };
        var environment = FileRun.EnvironmentOption();
        var config = FileRun.ConfigOption();
        var threads = FileRun.ThreadsOption();
        threshold.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<string?>() is { } text && !TryParseThreshold(text, out _, out _))
            {
                result.AddError($"--threshold '{text}' is not allowed; use COUNT/SECONDSs, such as 5/60s (count 1 to 64, 1 to 240 seconds).");
            }
        });
        var command = new Command("analyze", "Reads log files (or a folder of logs, metrics, traces and changes) and reports incidents with their causes.")
        {
            paths, json, html, sessions, threshold, environment, config, threads,
        };
        command.SetAction((result, cancellationToken) => new FileRun(
            result.GetRequiredValue(paths), result.GetValue(json), result.GetValue(html),
            result.GetRequiredValue(environment), result.GetValue(config), result.GetValue(threads))
        {
            Question = QuestionOf(result.GetValue(threshold)),
            Sessions = result.GetValue(sessions),
        }.RunAsync(cancellationToken));
        return command;
    }

    private static FileQuestion QuestionOf(string? threshold) =>
        threshold is not null && TryParseThreshold(threshold, out var count, out var window)
            ? FileQuestion.Incidents(count, window)
            : FileQuestion.Incidents();

    private static bool TryParseThreshold(string text, out int count, out TimeSpan window)
    {
        count = 0;
        window = default;
        var parts = text.Split('/');
        if (parts.Length != 2 || !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out count)
            || !double.TryParse(parts[1].TrimEnd('s'), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds))
        {
            return false;
        }

        window = TimeSpan.FromSeconds(Math.Min(seconds, 1e6));
        return count is >= 1 and <= 64 && seconds is >= 1 and <= 240;
    }
}
