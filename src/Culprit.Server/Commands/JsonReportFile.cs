namespace Culprit.Server.Commands;

/// <summary>Where <c>--json</c> writes: a file, or standard output for <c>-</c>.</summary>
internal static class JsonReportFile
{
    /// <summary>Writes when a path is given; the reason when it cannot.</summary>
    public static async Task<string?> WriteAsync(string? path, Action<Stream> write)
    {
        if (path is null)
        {
            return null;
        }

        try
        {
            await using var output = path == "-" ? Console.OpenStandardOutput() : File.Create(path);
            write(output);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "--json cannot be written: " + e.Message;
        }
    }
}
