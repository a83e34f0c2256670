using System.Text.RegularExpressions;
using VizPipeline.Tests.Deployment;

namespace VizPipeline.Tests.Containers;

/// <summary>A Docker engine with the base images; tests that need it are skipped, with the reason, if it is unavailable.</summary>
internal static partial class DockerEngine
{
    private static readonly Lazy<Task<(Dictionary<string, string> Variables, string? Reason)>> Started = new(StartAsync);

    /// <summary>Returns the variables for every docker command. Skips the test if there is no engine.</summary>
    public static async Task<IReadOnlyDictionary<string, string>> VariablesAsync()
    {
        var (variables, reason) = await Started.Value;
        Assert.SkipWhen(reason is not null, reason ?? "");
        return variables;
    }

    private static async Task<(Dictionary<string, string>, string?)> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("VIZ_SKIP_CONTAINERS") is { Length: > 0 })
            return ([], "VIZ_SKIP_CONTAINERS is set");
        var engine = await Helm.Execute(Repository.Path("tests", "containers", "engine"), ["start"], []);
        if (engine.ExitCode != 0)
            return ([], engine.Error.Trim());
        var variables = Export().Matches(engine.Output).ToDictionary(match => match.Groups[1].Value, match => match.Groups[2].Value);
        var bases = await Helm.Execute(Repository.Path("tests", "containers", "bases"), [], variables, TimeSpan.FromMinutes(20));
        // The script names anything it cannot get; any other failure is a fault of the script.
        if (bases.ExitCode != 0 && !bases.Error.Contains("containers: ", StringComparison.Ordinal))
            throw new InvalidOperationException($"tests/containers/bases ended with {bases.ExitCode}: {bases.Error}");
        if (bases.ExitCode != 0)
            return ([], bases.Error.Trim());
        // The stand-ins reach NuGet in the same way as this machine.
        variables["COMPOSE_FILE"] = bases.Output.Trim() == "stand-in"
            ? $"docker-compose.yml:{Repository.Path("tests", "containers", "stand-ins.yml")}"
            : "docker-compose.yml";
        variables["VIZ_BASES"] = bases.Output.Trim();
        // Not the project's default name, whose volumes may contain somebody's atlases.
        variables["COMPOSE_PROJECT_NAME"] = "viz-pipeline-test";
        return (variables, null);
    }

    [GeneratedRegex(@"^export (\w+)=(.*)$", RegexOptions.Multiline)]
    private static partial Regex Export();
}
