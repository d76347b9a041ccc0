namespace Culprit.IntegrationTests.Support;

/// <summary>A program beyond the .NET SDK that a test group of <c>tests/groups</c> needs.</summary>
internal static class ExternalProgram
{
    /// <summary>Skips the test when the group is not to run.</summary>
    public static void RequireGroup(string group)
    {
        var groups = Environment.GetEnvironmentVariable("CULPRIT_TEST_GROUPS");
        if (!string.IsNullOrEmpty(groups) && !groups.Split(',').Contains(group, StringComparer.Ordinal))
        {
            Assert.Skip($"the group {group} is not among CULPRIT_TEST_GROUPS={groups}");
        }
    }

    /// <summary>Its path; skips the test when the group is not to run or the program is missing.</summary>
    public static string Require(string group, string command)
    {
        RequireGroup(group);
        var path = (Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':', StringSplitOptions.RemoveEmptyEntries)
            .Select(folder => Path.Combine(folder, command))
            .FirstOrDefault(File.Exists);
        if (path is null)
        {
            Assert.Skip($"{command} is not installed (see tests/groups)");
        }

        return path;
    }
}
