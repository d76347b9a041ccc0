using Culprit.Engine.RootCause;
using Culprit.Server.Configuration;

namespace Culprit.Server.RootCause;

/// <summary>The ranker and the runbooks that it quotes.</summary>
internal static class RootCauseRegistration
{
    private const string DefaultFolder = "runbooks";

    /// <summary>Loads the runbooks; a file that cannot be used is named on standard error and left out.</summary>
    public static async Task AddRootCauseAsync(this WebApplicationBuilder builder, Settings settings, CancellationToken cancellationToken)
    {
        var folder = settings.Options.Runbooks ?? (Directory.Exists(DefaultFolder) ? DefaultFolder : null);
        var library = RunbookLibrary.Empty;
        if (folder is not null)
        {
            var contents = await RunbookFolder.LoadAsync(folder, cancellationToken).ConfigureAwait(false);
            library = contents.Library;
            foreach (var problem in contents.Problems)
            {
                await Console.Error.WriteLineAsync($"culprit: runbook {problem.Path} is left out: {problem.Reason}").ConfigureAwait(false);
            }
        }

        builder.Services.AddSingleton(new RootCauseRanker(library));
    }
}
