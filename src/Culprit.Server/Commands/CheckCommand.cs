using System.CommandLine;
using Culprit.Server.Analyst;
using Culprit.Server.Configuration;
using Culprit.Server.RootCause;

namespace Culprit.Server.Commands;

/// <summary><c>culprit check</c>: says whether the configuration would be accepted, and what is wrong with it.</summary>
internal static class CheckCommand
{
    public static Command Create()
    {
        var config = new Option<string?>("--config") { Description = "Configuration file (default culprit.yaml, if it exists)." };
        var command = new Command("check", "Checks the configuration and the runbooks without starting anything.") { config };
        command.SetAction((result, cancellationToken) => RunAsync(result.GetValue(config), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string? config, CancellationToken cancellationToken)
    {
        if (Settings.Load(new ServerArguments(null, null, config), Console.Error) is not { } settings)
        {
            return ExitCodes.BadUsage;
        }

        var analyst = settings.Options.Analyst;
        if (ChatClients.Obstacle(analyst, Environment.GetEnvironmentVariable(analyst.KeyName)) is { } obstacle)
        {
            await Console.Error.WriteLineAsync("culprit: configuration: " + obstacle).ConfigureAwait(false);
            return ExitCodes.BadUsage;
        }

        var runbooks = await RootCauseRegistration.LoadRunbooksAsync(settings, cancellationToken).ConfigureAwait(false);
        await Console.Out.WriteLineAsync(
            $"The configuration is fine: {settings.Options.ServiceDependencies.Count} services with declared dependencies, {runbooks.Count} runbooks.").ConfigureAwait(false);
        return ExitCodes.Success;
    }
}
