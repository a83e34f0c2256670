using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Passwords come from .env, and none has a default.</summary>
public sealed partial class ComposeSecretTests
{
    private static readonly string Compose = Repository.Read("docker-compose.yml");
    private static readonly string Example = Repository.Read(".env.example");

    [Fact]
    public void A_secret_that_is_missing_stops_compose_with_a_word_on_what_to_do()
    {
        var variables = Variable().Matches(Compose);
        Assert.NotEmpty(variables);
        foreach (var variable in variables.Where(v => SecretName().IsMatch(v.Groups["name"].Value)))
            Assert.StartsWith($":?set {variable.Groups["name"].Value} in .env", variable.Groups["rest"].Value);
    }

    [Fact]
    public void The_example_has_every_variable_and_no_other()
    {
        var used = Variable().Matches(Compose).Select(v => v.Groups["name"].Value)
            .Concat(["OTEL_EXPORTER_OTLP_ENDPOINT", "COMPOSE_PROFILES"]).Distinct().Order();
        Assert.Equal(used, Line().Matches(Example).Select(line => line.Groups["name"].Value).Order());
    }

    [Fact]
    public void The_example_has_no_secret()
    {
        foreach (var line in Line().Matches(Example).Where(line => SecretName().IsMatch(line.Groups["name"].Value)))
            Assert.Equal("", line.Groups["value"].Value);
    }

    [Fact]
    public void What_the_example_says_by_default_is_what_compose_does()
    {
        var defaults = Variable().Matches(Compose).Where(v => v.Groups["rest"].Value.StartsWith(":-", StringComparison.Ordinal))
            .Select(v => (v.Groups["name"].Value, v.Groups["rest"].Value[2..])).Distinct();
        foreach (var (name, value) in defaults)
            Assert.Matches($@"(?m)^# {name}={Regex.Escape(value)}( |$)", Example);
    }

    [Fact]
    public async Task New_secrets_are_long_and_never_twice_the_same()
    {
        var made = await Helm.Execute(Repository.Path("deploy", "new-env"), [], new());
        Assert.Equal(0, made.ExitCode);
        var secrets = Line().Matches(made.Output).Where(line => SecretName().IsMatch(line.Groups["name"].Value))
            .Select(line => line.Groups["value"].Value).ToList();
        Assert.Equal(11, secrets.Count);
        Assert.All(secrets, secret => Assert.Matches("^[0-9a-f]{48}$", secret));
        Assert.Equal(11, secrets.Distinct().Count());
    }

    [Fact]
    public async Task The_folders_are_written_whole_and_must_be_there()
    {
        var made = await Helm.Execute("bash", ["-c", $"cd '{Repository.Root}' && deploy/new-env --images docs --models src"], new());
        Assert.Contains($"\nVIZ_IMAGES={Repository.Path("docs")}\n", made.Output);
        Assert.Contains($"\nVIZ_MODELS={Repository.Path("src")}\n", made.Output);
        foreach (var (arguments, fault) in new[]
        {
            ("--images /nowhere", "there is no folder '/nowhere'"), ("--images", "--images names no folder"),
            ("photos", "'photos' is no option"),
        })
        {
            var refused = await Helm.Execute(Repository.Path("deploy", "new-env"), arguments.Split(' '), new());
            Assert.Equal(2, refused.ExitCode);
            Assert.Contains(fault, refused.Error);
            Assert.Equal("", refused.Output);
        }
    }

    [Fact]
    public void Git_and_docker_leave_it_alone()
    {
        Assert.Contains("/.env\n", Repository.Read(".gitignore"));
        Assert.Contains("**/.env*\n", Repository.Read(".dockerignore"));
    }

    [GeneratedRegex(@"\$\{(?<name>[A-Z0-9_]+)(?<rest>[^}]*)\}")]
    private static partial Regex Variable();

    [GeneratedRegex(@"^(# )?(?<name>[A-Z0-9_]+)=(?<value>\S*)", RegexOptions.Multiline)]
    private static partial Regex Line();

    // An access key is a name; the secret key is the secret.
    [GeneratedRegex("(PASSWORD|SECRET_KEY|API_KEY)$")]
    private static partial Regex SecretName();
}
