namespace Culprit.IntegrationTests.Support;

/// <summary>The repository, when the tests run from within it.</summary>
internal static class SourceFolder
{
    public static string? Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "Culprit.slnx")))
            {
                return folder;
            }
        }

        return null;
    }
}
