using System.CommandLine;
using System.Globalization;
using Culprit.Engine;
using Culprit.Engine.Evaluation;
using Culprit.Engine.RootCause;
using Culprit.Server.Analysis;
using Culprit.Server.Configuration;
using Culprit.Server.Evaluation;
using Culprit.Server.Ingestion.Files;
using Culprit.Server.Printing;
using Culprit.Server.RootCause;

namespace Culprit.Server.Commands;

/// <summary><c>culprit backtest</c>: when rules and detectors would have fired on what is past, and what they would have missed.</summary>
internal static class BacktestCommand
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("PATH") { Description = "Files or folders to play; none with --url.", Arity = ArgumentArity.ZeroOrMore };
        var url = new Option<string?>("--url") { Description = "Play what this running server stored between --from and --to; its incidents are those that should be found." };
        var from = MomentOption.Create("--from", "Earliest event time (ISO 8601), with --url.", isRequired: false);
        var to = MomentOption.Create("--to", "Latest event time, with --url.", isRequired: false);
        var environment = new Option<string?>("--environment") { Description = "With --url, only this environment; else that of records that name none." };
        var labels = new Option<string?>("--labels") { Description = "Incidents that should be found: a labels.jsonl (docs/eval.md); its times count." };
        var lead = EvalCommand.Seconds("--lead", "Seconds before an incident's start at which a finding still belongs to it.", 0);
        var tail = EvalCommand.Seconds("--tail", "Seconds after its end at which a finding still belongs to it.", 120);
        var json = new Option<string?>("--json") { Description = "Write findings, incidents and all events as JSON to this file (- for standard output)." };
        var config = FileRun.ConfigOption();
        var command = new Command("backtest", "Runs the configured rules and detectors over files or over a server's stored history: when they would have fired, what they would have missed. Nothing is stored or alerted.")
        {
            paths, url, from, to, environment, labels, lead, tail, json, config,
        };
        command.Validators.Add(result =>
        {
            var isStored = result.GetValue(url) is not null;
            if (isStored == (result.GetValue(paths) is { Length: > 0 }))
            {
                result.AddError("backtest needs either PATH or --url.");
            }
            else if (isStored && (MomentOption.Parse(result.GetValue(from)) is not { } start || MomentOption.Parse(result.GetValue(to)) is not { } end || end <= start))
            {
                result.AddError("--url needs --from and a later --to.");
            }
        });
        command.SetAction(async (result, token) =>
        {
            if (Settings.Load(new ServerArguments(null, null, result.GetValue(config)), Console.Error) is not { } settings)
            {
                return ExitCodes.BadUsage;
            }

            var known = new List<KnownIncident>();
            if (result.GetValue(labels) is { } file && !await ReadAsync(file, known).ConfigureAwait(false))
            {
                return ExitCodes.BadUsage;
            }

            var library = await RootCauseRegistration.LoadRunbooksAsync(settings, token).ConfigureAwait(false);
            var pipeline = new Pipeline(settings.Options.ToPipelineOptions(), journalId: 0, new RootCauseRanker(library));
            var log = new BacktestLog();
            try
            {
                var records = result.GetValue(url) is { } server
                    ? await StoredAsync(server, result.GetValue(from), result.GetValue(to), result.GetValue(environment), pipeline, log, known, token).ConfigureAwait(false)
                    : await FilesAsync(result.GetValue(paths)!, result.GetValue(environment) ?? "default", pipeline, log, token).ConfigureAwait(false);
                var summary = new BacktestSummary(log.Findings, known, TimeSpan.FromSeconds(result.GetValue(lead)), TimeSpan.FromSeconds(result.GetValue(tail)));
                return records >= 0 && await WriteAsync(summary, log, records, result.GetValue(json)).ConfigureAwait(false) ? ExitCodes.Success : ExitCodes.Failure;
            }
            catch (HttpRequestException e)
            {
                return await ServerCall.UnreachableAsync(result.GetValue(url)!, e).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                await SayAsync("stopped; nothing was written.").ConfigureAwait(false);
                return ExitCodes.Failure;
            }
        });
        return command;
    }

    private static async Task<bool> ReadAsync(string file, List<KnownIncident> known)
    {
        var problems = new List<string>();
        known.AddRange(LabelFile.Read(file, problems, needsFolders: false).Select(c => new KnownIncident(c.Label.Id, c.Label.Start, c.Label.End, [])));
        foreach (var problem in problems)
        {
            await SayAsync(problem).ConfigureAwait(false);
        }

        return problems.Count == 0;
    }

    private static async Task<long> StoredAsync(
        string url, string? from, string? to, string? environment, Pipeline pipeline, BacktestLog log, List<KnownIncident> known, CancellationToken cancellationToken)
    {
        using var client = ServerCall.CreateClient();
        client.Timeout = TimeSpan.FromMinutes(2);
        var history = new StoredHistory(client, url, MomentOption.Parse(from)!.Value, MomentOption.Parse(to)!.Value, environment);
        known.AddRange(await history.IncidentsAsync(cancellationToken).ConfigureAwait(false));
        return await history.PlayAsync(
            new EventTimePlayer(pipeline, log.Add),
            (records, at) => Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"culprit: {records} records, {at.UtcDateTime:yyyy-MM-dd HH:mm:ss}")),
            cancellationToken).ConfigureAwait(false);
    }

    private static async Task<long> FilesAsync(string[] paths, string environment, Pipeline pipeline, BacktestLog log, CancellationToken cancellationToken)
    {
        var inputs = LogInputs.Expand(paths, out var missing);
        foreach (var problem in missing)
        {
            await SayAsync(problem).ConfigureAwait(false);
        }

        if (inputs.Count == 0)
        {
            await SayAsync("nothing to read.").ConfigureAwait(false);
            return -1;
        }

        using var analysis = new FileAnalysis(inputs, Environment.ProcessorCount, environment, TimeProvider.System);
        await ReadingProgress.ShowAsync(
            inputs.Sum(i => i.Bytes), () => analysis.BytesRead, () => analysis.RunAsync(pipeline, log.Add, null, null, cancellationToken)).ConfigureAwait(false);
        foreach (var problem in analysis.Readers.Select(r => r.Problem).OfType<string>())
        {
            await SayAsync(problem).ConfigureAwait(false);
        }

        return analysis.RecordsPlayed;
    }

    private static async Task<bool> WriteAsync(BacktestSummary summary, BacktestLog log, long records, string? json)
    {
        if (await JsonReportFile.WriteAsync(json, output => BacktestReport.WriteJson(summary, log, records, output)).ConfigureAwait(false) is { } problem)
        {
            await SayAsync(problem).ConfigureAwait(false);
            return false;
        }

        if (json != "-")
        {
            BacktestReport.Write(summary, records, Terminal.Console);
        }

        return true;
    }

    private static Task SayAsync(string text) => Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(text));
}
