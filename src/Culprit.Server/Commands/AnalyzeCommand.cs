using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Culprit.Engine;
using Culprit.Engine.Flows;
using Culprit.Engine.RootCause;
using Culprit.Server.Alerting;
using Culprit.Server.Analysis;
using Culprit.Server.Configuration;
using Culprit.Server.Ingestion.Files;
using Culprit.Server.RootCause;
using Spectre.Console;

namespace Culprit.Server.Commands;

/// <summary><c>culprit analyze</c>: log files in, incidents and their causes out. The same engine as the server's.</summary>
internal static class AnalyzeCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files, folders, globs, or - for standard input; gzip and zstd are read.", Arity = ArgumentArity.OneOrMore };
        var json = new Option<string?>("--json") { Description = "Write the report as JSON to this file (- for standard output)." };
        var html = new Option<string?>("--html") { Description = "Write the report as one HTML page to this file." };
        var sessions = new Option<string?>("--sessions") { Description = "Follow requests and jobs by their ids and write one JSON line for each to this file." };
        var threshold = new Option<string?>("--threshold") { Description = "Open an incident at so many errors even without a baseline, such as 5/60s. Files often start mid-life, so it is off by default." };
        var environment = new Option<string>("--environment") { Description = "Environment of records that name none.", DefaultValueFactory = _ => "default" };
        var config = new Option<string?>("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };
        var threads = new Option<int>("--threads") { Description = "Files parsed at once; the result is the same for any number.", DefaultValueFactory = _ => Environment.ProcessorCount };
        paths.Validators.Add(result =>
        {
            foreach (var path in result.Tokens.Select(t => t.Value).Where(p => p.StartsWith("--", StringComparison.Ordinal)))
            {
                result.AddError($"'{path}' is no option of analyze; a file of this name is read as ./{path}.");
            }
        });
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 256)
            {
                result.AddError("--threads must be 1 to 256.");
            }
        });
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
        command.SetAction((result, cancellationToken) => RunAsync(
            new Request(
                result.GetRequiredValue(paths), result.GetValue(json), result.GetValue(html), result.GetValue(sessions), result.GetValue(threshold),
                result.GetRequiredValue(environment), result.GetValue(config), result.GetValue(threads)),
            cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Request request, CancellationToken cancellationToken)
    {
        if (Settings.Load(new ServerArguments(null, null, request.Config), Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        var inputs = LogInputs.Expand(request.Paths, out var missing);
        foreach (var problem in missing)
        {
            await Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(problem)).ConfigureAwait(false);
        }

        if (inputs.Count == 0)
        {
            await Console.Error.WriteLineAsync("culprit: nothing to read.").ConfigureAwait(false);
            return ExitCodes.BadUsage;
        }

        if (!TryOpenSessions(request.Sessions, out var sessionsFile))
        {
            return ExitCodes.Failure;
        }

        using var written = sessionsFile;
        var options = Options(settings, request);
        options = sessionsFile is null ? options : options with { Flows = new FlowOptions(), SessionForgotten = sessionsFile.Add };
        var library = await RootCauseRegistration.LoadRunbooksAsync(settings, cancellationToken).ConfigureAwait(false);
        var pipeline = new Pipeline(options, journalId: 0, new RootCauseRanker(library));
        var report = new AnalysisReport();
        using var analysis = new FileAnalysis(inputs, request.Threads, request.Environment, TimeProvider.System);
        try
        {
            await ReadingProgress.ShowAsync(
                inputs.Sum(i => i.Bytes),
                () => analysis.BytesRead,
                () => analysis.RunAsync(pipeline, report.Add, sessionsFile is null ? null : sessionsFile.Add, cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("culprit: stopped; no report was written.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }

        var problems = missing.Concat(analysis.Readers.Select(r => r.Problem).OfType<string>()).ToList();
        if (!await WriteAsync(request, report, analysis, problems, cancellationToken).ConfigureAwait(false))
        {
            return ExitCodes.Failure;
        }

        return analysis.RecordsPlayed > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private static bool TryOpenSessions(string? path, out SessionsFile? file)
    {
        file = null;
        if (path is null)
        {
            return true;
        }

        try
        {
            file = new SessionsFile(new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, 256 * 1024));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine("culprit: --sessions cannot be written: " + TerminalText.Visible(e.Message));
            return false;
        }
    }

    private static async Task<bool> WriteAsync(
        Request request, AnalysisReport report, FileAnalysis analysis, IReadOnlyList<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            if (request.Html is { } html)
            {
                await File.WriteAllTextAsync(html, HtmlReport.Render(report, analysis, problems), cancellationToken).ConfigureAwait(false);
            }

            if (request.Json == "-")
            {
                await using var output = Console.OpenStandardOutput();
                JsonReport.Write(report, analysis, problems, output);
                return true;
            }

            if (request.Json is { } json)
            {
                await using var output = File.Create(json);
                JsonReport.Write(report, analysis, problems, output);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            await Console.Error.WriteLineAsync("culprit: the report could not be written: " + e.Message).ConfigureAwait(false);
            return false;
        }

        TerminalReport.Write(report, analysis, problems, Terminal.Console);
        return true;
    }

    private static PipelineOptions Options(Settings settings, Request request)
    {
        var options = settings.Options.ToPipelineOptions();
        var threshold = options.ErrorThreshold with { Plain = false };
        if (request.Threshold is { } text && TryParseThreshold(text, out var count, out var window))
        {
            threshold = threshold with { Plain = true, Count = count, Window = window };
        }

        return options with { ErrorThreshold = threshold };
    }

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

    private sealed record Request(
        string[] Paths, string? Json, string? Html, string? Sessions, string? Threshold, string Environment, string? Config, int Threads);
}
