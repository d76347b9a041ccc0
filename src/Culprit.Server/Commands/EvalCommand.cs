using System.CommandLine;
using System.Globalization;
using Culprit.Engine.Evaluation;
using Culprit.Engine.RootCause;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Culprit.Server.Evaluation;
using Culprit.Server.Printing;
using Culprit.Server.RootCause;

namespace Culprit.Server.Commands;

/// <summary><c>culprit eval</c>: how the engine does on past incidents whose cause is known.</summary>
internal static class EvalCommand
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("DIR") { Description = "Folders with labels.jsonl and a folder of telemetry for each case (docs/eval.md).", Arity = ArgumentArity.OneOrMore };
        var told = new Option<bool>("--told") { Description = "Tell the engine when the fault was; it ranks the causes only. Without it, it must find the incident by itself." };
        var lead = Seconds("--lead", "Seconds before the labelled start at which a detection still counts.", 0);
        var tail = Seconds("--tail", "Seconds after the labelled end at which a detection still counts.", 120);
        var json = new Option<string?>("--json") { Description = "Write the figures and every case as JSON to this file (- for standard output, instead of the tables)." };
        var model = new Option<string?>("--model")
        {
            Description = "Also ask this model (provider:model, as analyst:model of the configuration, whose other keys hold) and score it beside the ranker. It costs what it costs.",
        };
        var replies = new Option<string?>("--replies")
        {
            Description = "Folder of recorded replies: what the model said before is not asked again, what is new is recorded. The same figures every time.",
        };
        var config = FileRun.ConfigOption();
        var command = new Command("eval", "Plays past incidents whose cause is known, and says how many were detected and explained: delay, top-1/3/5, changes, false alarms, calibration.")
        {
            folders, told, lead, tail, json, model, replies, config,
        };
        command.SetAction(async (result, cancellationToken) =>
        {
            if (Settings.Load(new ServerArguments(null, null, result.GetValue(config)), Console.Error) is not { } settings)
            {
                return ExitCodes.BadUsage;
            }

            if (Analyst(settings, result.GetValue(model), result.GetValue(replies), out var wrong) is var analyst && wrong is not null)
            {
                await SayAsync(wrong).ConfigureAwait(false);
                return ExitCodes.BadUsage;
            }

            var files = LabelFile.Find(result.GetRequiredValue(folders), out var missing);
            var problems = new List<string>(missing);
            var cases = files.SelectMany(f => LabelFile.Read(f, problems)).ToList();
            foreach (var problem in problems)
            {
                await SayAsync(problem).ConfigureAwait(false);
            }

            if (cases.Count == 0)
            {
                await SayAsync("there is no case to play.").ConfigureAwait(false);
                return ExitCodes.BadUsage;
            }

            var library = await RootCauseRegistration.LoadRunbooksAsync(settings, cancellationToken).ConfigureAwait(false);
            var isTold = result.GetValue(told);
            var (before, after) = (TimeSpan.FromSeconds(result.GetValue(lead)), TimeSpan.FromSeconds(result.GetValue(tail)));
            var player = new CasePlayer(settings.Options.ToPipelineOptions(), new RootCauseRanker(library), isTold, before, after, analyst, TimeProvider.System);
            try
            {
                var scores = await PlayAsync(player, cases, cancellationToken).ConfigureAwait(false);
                var run = new EvalRun(isTold, before, after, scores, problems);
                return await WriteAsync(run, result.GetValue(json)).ConfigureAwait(false) && run.IsComplete ? ExitCodes.Success : ExitCodes.Failure;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                await SayAsync("stopped; nothing was written.").ConfigureAwait(false);
                return ExitCodes.Failure;
            }
        });
        return command;
    }

    /// <summary>The model to ask; null for none, or with the reason when it cannot be asked.</summary>
    private static LlmAnalyst? Analyst(Settings settings, string? model, string? replies, out string? problem)
    {
        problem = null;
        if (model is null)
        {
            problem = replies is null ? null : "--replies needs --model: whose replies they are.";
            return null;
        }

        var options = settings.Options.Analyst;
        options.Model = model;
        var key = Environment.GetEnvironmentVariable(options.KeyName);
        var obstacle = ChatClients.Obstacle(options, key);
        problem = settings.Options.Mistakes() is [var first, ..] ? first : replies is null ? obstacle : null;
        if (problem is not null)
        {
            return null;
        }

        var budget = new AnalystBudget(options, TimeProvider.System);
        return replies is null
            ? new LlmAnalyst(ChatClients.Create(options, key), options, [], budget, TimeProvider.System)
            : new LlmAnalyst(
                new RecordedReplies(obstacle is null ? ChatClients.Create(options, key) : null, options.Model, replies), options, [], budget, TimeProvider.System,
                books: c => EvidenceBook.Of(string.Create(CultureInfo.InvariantCulture, $"{c.Environment} {c.StartedAt:O}")));
    }

    private static async Task<List<CaseScore>> PlayAsync(CasePlayer player, List<EvalCase> cases, CancellationToken cancellationToken)
    {
        var scores = new List<CaseScore>();
        foreach (var one in cases)
        {
            var score = await player.PlayAsync(one, cancellationToken).ConfigureAwait(false);
            scores.Add(score);
            var outcome = score.Problem is { } problem ? "not scored: " + problem
                : !score.IsDetected ? "not detected"
                : score.Rank == 1 ? "right" : score.Rank > 1 ? string.Create(CultureInfo.InvariantCulture, $"place {score.Rank}") : "not named";
            await SayAsync(string.Create(CultureInfo.InvariantCulture, $"{scores.Count} of {cases.Count}: {one.Label.Id}: {outcome}")).ConfigureAwait(false);
        }

        return scores;
    }

    private static async Task<bool> WriteAsync(EvalRun run, string? json)
    {
        if (await JsonReportFile.WriteAsync(json, output => EvalJson.Write(run, output)).ConfigureAwait(false) is { } problem)
        {
            await SayAsync(problem).ConfigureAwait(false);
            return false;
        }

        if (json != "-")
        {
            EvalTable.Write(run, Terminal.Console);
        }

        return true;
    }

    public static Option<double> Seconds(string name, string description, double usual)
    {
        var option = new Option<double>(name) { Description = description, DefaultValueFactory = _ => usual };
        option.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double>() is not (>= 0 and <= 86_400))
            {
                result.AddError($"{name} must be 0 to 86400 seconds.");
            }
        });
        return option;
    }

    private static Task SayAsync(string text) => Console.Error.WriteLineAsync("culprit: " + TerminalText.Visible(text));
}
