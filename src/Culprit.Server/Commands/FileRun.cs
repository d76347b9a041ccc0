using System.CommandLine;
using System.CommandLine.Parsing;
using Culprit.Engine;
using Culprit.Engine.Flows;
using Culprit.Engine.RootCause;
using Culprit.Server.Analysis;
using Culprit.Server.Configuration;
using Culprit.Server.Ingestion.Files;
using Culprit.Server.Printing;
using Culprit.Server.RootCause;

namespace Culprit.Server.Commands;

/// <summary>One run over files from the command line: reads, plays with progress, writes the report in the forms asked for.</summary>
internal sealed class FileRun(string[] paths, string? json, string? html, string environment, string? config, int threads)
{
    public required FileQuestion Question { get; init; }

    /// <summary>File for one JSON line of each request and job that is followed by its id; null follows none.</summary>
    public string? Sessions { get; init; }

    public static Argument<string[]> PathArgument(string verb)
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files, folders, globs, or - for standard input; gzip and zstd are read.", Arity = ArgumentArity.OneOrMore };
        paths.Validators.Add(result =>
        {
            foreach (var path in result.Tokens.Select(t => t.Value).Where(p => p.StartsWith("--", StringComparison.Ordinal)))
            {
                result.AddError($"'{path}' is no option of {verb}; a file of this name is read as ./{path}.");
            }
        });
        return paths;
    }

    public static Option<string?> JsonOption() => new("--json") { Description = "Write the report as JSON to this file (- for standard output)." };

    public static Option<string?> HtmlOption() => new("--html") { Description = "Write the report as one HTML page to this file." };

    public static Option<string> EnvironmentOption() =>
        new("--environment") { Description = "Environment of records that name none.", DefaultValueFactory = _ => "default" };

    public static Option<string?> ConfigOption() => new("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };

    public static Option<int> ThreadsOption()
    {
        var threads = new Option<int>("--threads") { Description = "Files parsed at once; the result is the same for any number.", DefaultValueFactory = _ => Environment.ProcessorCount };
        threads.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int>() is < 1 or > 256)
            {
                result.AddError("--threads must be 1 to 256.");
            }
        });
        return threads;
    }

    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        if (Settings.Load(new ServerArguments(null, null, config), Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        var inputs = LogInputs.Expand(paths, out var missing);
        foreach (var problem in missing)
        {
            await Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(problem)).ConfigureAwait(false);
        }

        if (inputs.Count == 0)
        {
            await Console.Error.WriteLineAsync("culprit: nothing to read.").ConfigureAwait(false);
            return ExitCodes.BadUsage;
        }

        if (!TryOpenSessions(out var sessions))
        {
            return ExitCodes.Failure;
        }

        using var written = sessions;
        var options = Question.Configure(settings.Options.ToPipelineOptions());
        options = sessions is null ? options : options with { Flows = new FlowOptions(), SessionForgotten = sessions.Add };
        var library = await RootCauseRegistration.LoadRunbooksAsync(settings, cancellationToken).ConfigureAwait(false);
        var pipeline = new Pipeline(options, journalId: 0, new RootCauseRanker(library));
        var report = new AnalysisReport();
        using var analysis = new FileAnalysis(inputs, threads, environment, TimeProvider.System);
        try
        {
            await ReadingProgress.ShowAsync(
                inputs.Sum(i => i.Bytes),
                () => analysis.BytesRead,
                () => analysis.RunAsync(pipeline, e => report.Add(Question.Select(e)), sessions is null ? null : sessions.Add, Question.Until, cancellationToken)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("culprit: stopped; no report was written.").ConfigureAwait(false);
            return ExitCodes.Failure;
        }

        Question.Conclude(pipeline, report);
        var problems = missing.Concat(analysis.Readers.Select(r => r.Problem).OfType<string>()).ToList();
        if (!await WriteAsync(report, analysis, problems, cancellationToken).ConfigureAwait(false))
        {
            return ExitCodes.Failure;
        }

        return analysis.RecordsPlayed > 0 ? ExitCodes.Success : ExitCodes.Failure;
    }

    private bool TryOpenSessions(out SessionsFile? file)
    {
        file = null;
        if (Sessions is null)
        {
            return true;
        }

        try
        {
            file = new SessionsFile(new FileStream(Sessions, FileMode.Create, FileAccess.Write, FileShare.Read, 256 * 1024));
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine("culprit: --sessions cannot be written: " + TerminalText.Visible(e.Message));
            return false;
        }
    }

    private async Task<bool> WriteAsync(
        AnalysisReport report, FileAnalysis analysis, IReadOnlyList<string> problems, CancellationToken cancellationToken)
    {
        try
        {
            if (html is { } page)
            {
                await File.WriteAllTextAsync(page, HtmlReport.Render(report, analysis, problems), cancellationToken).ConfigureAwait(false);
            }

            if (json == "-")
            {
                await using var output = Console.OpenStandardOutput();
                JsonReport.Write(report, analysis, problems, output);
                return true;
            }

            if (json is { } file)
            {
                await using var output = File.Create(file);
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
}
