using Culprit.Engine.RootCause;
using Culprit.Server.Configuration;

namespace Culprit.Server.RootCause;

/// <summary>The ranker and the runbooks that it quotes.</summary>
internal static class RootCauseRegistration
{
    private const string DefaultFolder = "runbooks";

    public static async Task AddRootCauseAsync(this WebApplicationBuilder builder, Settings settings, CancellationToken cancellationToken) =>
        builder.Services.AddSingleton(await LoadRunbooksAsync(settings, cancellationToken).ConfigureAwait(false))
            .AddSingleton<RootCauseRanker>()
            .AddSingleton<StoredInquiry>();

    /// <summary>Loads the runbooks; a file that cannot be used is named on standard error and left out.</summary>
    public static async Task<RunbookLibrary> LoadRunbooksAsync(Settings settings, CancellationToken cancellationToken)
    {
        var folder = settings.Options.Runbooks ?? (Directory.Exists(DefaultFolder) ? DefaultFolder : null);
        if (folder is null)
        {
            return RunbookLibrary.Empty;
        }

        var contents = await RunbookFolder.LoadAsync(folder, cancellationToken).ConfigureAwait(false);
        foreach (var problem in contents.Problems)
        {
            await Console.Error.WriteLineAsync($"culprit: runbook {problem.Path} is left out: {problem.Reason}").ConfigureAwait(false);
        }

        return contents.Library;
    }
}
