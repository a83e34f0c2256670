using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Npgsql;
using VizPipeline.Catalog;
using VizPipeline.Tests.Servers;

namespace VizPipeline.Tests.Cluster;

/// <summary>
/// A service that cannot start exits within seconds with code 2 and one line that names every faulty setting and no secret.
/// </summary>
public sealed class StartupTests : IDisposable
{
    private const string Coordinator = "VizPipeline.Coordinator";
    private const string Worker = "VizPipeline.Worker";
    private const string WrongSecret = "wrong-secret-0123456789";
    private const string Unknown = "viz-pipeline.invalid";
    private static readonly TestServer Broker = new("rabbitmq", "startup");
    private readonly CancellationToken _cancellation = TestContext.Current.CancellationToken;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(Coordinator, "RabbitMq__Password", "RabbitMQ at 127.0.0.1:")]
    [InlineData(Worker, "RabbitMq__Password", "RabbitMQ at 127.0.0.1:")]
    [InlineData(Coordinator, "Postgres__Password", "The catalog 127.0.0.1:")]
    [InlineData(Coordinator, "ObjectStore__SecretKey", "S3 at http://127.0.0.1:")]
    [InlineData(Worker, "ObjectStore__SecretKey", "S3 at http://127.0.0.1:")]
    public async Task Wrong_password(string program, string setting, string place)
        => await RefusesAsync(
            program, await GoodSettingsAsync(), new() { [setting] = WrongSecret }, place, setting.Replace("Postgres__", "Postgres:"));

    [Theory]
    [InlineData(Coordinator, "RabbitMq__Host", Unknown, "RabbitMq__Host")]
    [InlineData(Coordinator, "Postgres__Host", Unknown, "Postgres:Host")]
    [InlineData(Coordinator, "ObjectStore__Endpoint", "http://" + Unknown + ":8333", "ObjectStore__Endpoint")]
    [InlineData(Worker, "RabbitMq__Host", Unknown, "RabbitMq__Host")]
    [InlineData(Worker, "ObjectStore__Endpoint", "http://" + Unknown + ":8333", "ObjectStore__Endpoint")]
    public async Task Unknown_host(string program, string setting, string value, string named)
        => await RefusesAsync(program, await GoodSettingsAsync(), new() { [setting] = value }, Unknown, named);

    [Theory]
    [InlineData("RabbitMq__Port", "{0}", "RabbitMQ at 127.0.0.1:{0}", "RabbitMq__Port")]
    [InlineData("Postgres__Port", "{0}", "The catalog 127.0.0.1:{0}/", "Postgres:Port")]
    [InlineData("ObjectStore__Endpoint", "http://127.0.0.1:{0}", "S3 at http://127.0.0.1:{0}/", "ObjectStore__Endpoint")]
    public async Task Nothing_listens(string setting, string value, string place, string named)
    {
        var port = TestServer.FreePorts(1);
        await RefusesAsync(
            Coordinator, await GoodSettingsAsync(), new() { [setting] = string.Format(value, port) }, string.Format(place, port), named);
    }

    [Fact]
    public async Task Servers_that_take_connections_and_say_nothing()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start();
        var port = $"{((IPEndPoint)silent.LocalEndpoint).Port}";
        await RefusesAsync(
            Coordinator,
            await GoodSettingsAsync(),
            new() { ["RabbitMq__Port"] = port, ["Postgres__Port"] = port, ["ObjectStore__Endpoint"] = $"http://127.0.0.1:{port}" },
            "3 faults: ", $"RabbitMQ at 127.0.0.1:{port}", $"The catalog 127.0.0.1:{port}/", $"S3 at http://127.0.0.1:{port}/",
            "RabbitMq__", "Postgres", "ObjectStore__Endpoint");
    }

    [Fact]
    public async Task Bucket_that_is_missing_and_may_not_be_made()
    {
        var limited = await TestS3.NewLimitedUserAsync();
        await RefusesAsync(
            Worker,
            await GoodSettingsAsync(),
            new()
            {
                ["ObjectStore__AccessKey"] = limited.AccessKey,
                ["ObjectStore__SecretKey"] = limited.SecretKey,
                ["ObjectStore__Bucket"] = limited.Bucket,
            },
            $"there is no bucket '{limited.Bucket}'", "make it", "ObjectStore__Bucket");
    }

    [Fact]
    public async Task Tables_that_are_missing_and_may_not_be_made()
    {
        var settings = await GoodSettingsAsync();
        var role = $"reader_{settings["Postgres__Database"]}";
        await using (var source = NpgsqlDataSource.Create(PostgresConnection.String(TestPostgres.Admin)))
        {
            await using var command = source.CreateCommand($"CREATE ROLE {role} LOGIN PASSWORD '{WrongSecret}'");
            await command.ExecuteNonQueryAsync(_cancellation);
        }

        await RefusesAsync(
            Coordinator,
            settings,
            new() { ["Postgres__User"] = role, ["Postgres__Password"] = WrongSecret },
            $"/{settings["Postgres__Database"]} lacks migration", $"'{role}'", "viz-coordinator migrate", "docs/sql.md");
    }

    [Fact]
    public async Task Database_that_is_missing()
        => await RefusesAsync(
            Coordinator, await GoodSettingsAsync(), new() { ["Postgres__Database"] = "nowhere" },
            "there is no such database", "Postgres:Database");

    [Theory]
    [InlineData(Coordinator)]
    [InlineData(Worker)]
    public async Task All_faults_in_one_message(string program)
    {
        List<string> parts = ["RabbitMQ at 127.0.0.1:", "RabbitMq__Password", $"S3 at http://{Unknown}:1/", "ObjectStore__Endpoint"];
        if (program == Coordinator)
            parts.AddRange(["The catalog 127.0.0.1:", "Postgres:Port"]);
        await RefusesAsync(
            program,
            await GoodSettingsAsync(),
            new()
            {
                ["RabbitMq__Password"] = WrongSecret,
                ["Postgres__Port"] = $"{TestServer.FreePorts(1)}",
                ["ObjectStore__Endpoint"] = $"http://{Unknown}:1",
            },
            [$"{(program == Coordinator ? 3 : 2)} faults: ", .. parts]);
    }

    [Fact]
    public async Task Settings_of_the_coordinator_that_are_missing_or_malformed() => await RefusesAsync(
        Coordinator,
        Settings,
        new()
        {
            ["RabbitMq__Port"] = "tcp://10.0.0.1:5672",
            ["RabbitMq__Password"] = "",
            ["RabbitMq__Tls"] = "maybe",
            ["RabbitMq__CaFile"] = "/nowhere/ca.pem",
            ["Postgres__Port"] = "0",
            ["Postgres__Tls"] = "sometimes",
            ["Postgres__Host"] = "",
            ["ObjectStore__Endpoint"] = $"http://me:{WrongSecret}@127.0.0.1:8333",
            ["ObjectStore__Bucket"] = "No_Bucket",
            ["ObjectStore__PatienceSeconds"] = "99999999999",
            ["Http__Port"] = "http",
            ["Http__Address"] = "localhost",
            ["Http__ApiKeys__0"] = "short",
            ["Coordinator__MaxFailures"] = "0",
            ["Coordinator__RetryDelay"] = "soon",
        },
        " faults: ", "RabbitMq:Port must be", "'tcp://10.0.0.1:5672'", "RabbitMq:Password is missing", "RabbitMq:Tls must be true or false",
        "RabbitMq:CaFile: there is no file /nowhere/ca.pem",
        "Postgres:Port must be", "Postgres:Tls must be Disable, Prefer, ", "Postgres:Host is missing",
        "ObjectStore:Endpoint must be", "ObjectStore:Bucket must be",
        "ObjectStore:PatienceSeconds must be", "Http:Port must be", "Http:Address must be",
        "Coordinator:MaxFailures must be", "Coordinator:RetryDelay must be a time");

    [Fact]
    public async Task Settings_of_the_worker_that_are_missing_or_malformed() => await RefusesAsync(
        Worker,
        Settings,
        new()
        {
            ["RabbitMq__Host"] = "",
            ["ObjectStore__Endpoint"] = "http://127.0.0.1:99999",
            ["ObjectStore__SecretKey"] = "",
            ["Worker__Device"] = "tpu",
            ["Worker__Kinds"] = "scan,knit",
            ["Worker__Readers"] = "many",
        },
        "6 faults: ", "RabbitMq:Host is missing", "ObjectStore:Endpoint must be", "ObjectStore:SecretKey is missing",
        "Worker:Device must be", "Worker:Kinds must be", "Worker:Readers must be");

    [Fact]
    public async Task Short_API_keys()
        => await RefusesAsync(
            Coordinator, Settings, new() { ["Http__ApiKeys__0"] = "too-short-secret"[..12] }, "Http:ApiKeys", "openssl rand");

    [Fact]
    public async Task Arguments_that_are_no_settings()
    {
        using var service = ServiceProcess.Start(Worker, Settings, "-x", "1");
        Assert.Equal(2, await service.FinishAsync(TimeSpan.FromSeconds(15), _cancellation));
        Assert.Contains("viz-worker cannot start: ", service.Log);
        Assert.Contains("'-x' is no setting", service.Log);
    }

    [Fact]
    public async Task Folder_that_cannot_be_used()
    {
        await File.WriteAllTextAsync(_folder.File("file"), "in the way", _cancellation);
        var settings = await GoodSettingsAsync();
        await RefusesAsync(Worker, settings, new() { ["ObjectStore__Folder"] = _folder.File("file/objects") }, _folder.File(
            "file/objects"), "ObjectStore__Folder");
    }

    [Theory]
    [InlineData("{0}", "127.0.0.1")]
    [InlineData("0", "203.0.113.1")]
    public async Task Port_that_is_taken_and_address_of_another_machine(string port, string address)
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        await RefusesAsync(
            Coordinator,
            await GoodSettingsAsync(),
            new() { ["Http__Port"] = string.Format(port, ((IPEndPoint)taken.LocalEndpoint).Port), ["Http__Address"] = address },
            onlyLine: false, "Http__Port");
    }

    [Fact]
    public async Task Migrating_with_a_wrong_password()
    {
        var settings = await GoodSettingsAsync();
        settings["Postgres__Password"] = WrongSecret;
        using var service = ServiceProcess.Start(Coordinator, settings, "migrate");
        Assert.Equal(2, await service.FinishAsync(TimeSpan.FromSeconds(15), _cancellation));
        Assert.Single(service.Log.Trim().Split('\n'));
        Assert.Contains("Postgres:Password", service.Log);
        Assert.DoesNotContain(WrongSecret, service.Log);
    }

    [Fact]
    public async Task Migrating_asks_for_the_settings_of_the_database_and_no_others()
    {
        var settings = (await GoodSettingsAsync()).Where(
            setting => setting.Key.StartsWith("Postgres__", StringComparison.Ordinal) || setting.Key is "VIZ_SECRETS").ToDictionary();
        using var service = ServiceProcess.Start(Coordinator, settings, "migrate");
        Assert.True(await service.FinishAsync(TimeSpan.FromSeconds(30), _cancellation) == 0, service.Log);
        Assert.Contains("is up to date", service.Log);
        using var without = ServiceProcess.Start(
            Coordinator, new Dictionary<string, string>(settings) { ["Postgres__Host"] = "" }, "migrate");
        Assert.Equal(2, await without.FinishAsync(TimeSpan.FromSeconds(30), _cancellation));
        var line = Assert.Single(without.Log.Trim().Split('\n'));
        Assert.Contains("Postgres:Host is missing", line);
        Assert.DoesNotContain("RabbitMq", line);
    }

    [Theory]
    [InlineData(Coordinator, "it knows migrate")]
    [InlineData(Worker, "it takes settings only")]
    [InlineData("VizPipeline.Atlas", "it takes settings only")]
    public async Task Commands_that_a_service_does_not_know(string program, string known)
    {
        using var service = ServiceProcess.Start(program, new Dictionary<string, string> { ["VIZ_SECRETS"] = "/nowhere" }, "migrat");
        Assert.Equal(2, await service.FinishAsync(TimeSpan.FromSeconds(15), _cancellation));
        Assert.Contains("there is no command 'migrat'", Assert.Single(service.Log.Trim().Split('\n')));
        Assert.Contains(known, service.Log);
    }

    [Fact]
    public async Task A_server_that_comes_late_is_waited_for()
    {
        var settings = await GoodSettingsAsync();
        settings["Startup__PatienceSeconds"] = "60";
        using var late = new BreakableProxy(int.Parse(settings["Postgres__Port"], CultureInfo.InvariantCulture));
        late.Break();
        settings["Postgres__Port"] = $"{late.Port}";
        using var service = ServiceProcess.Start(Coordinator, settings);
        await WaitAsync("Waiting to start: The catalog");
        late.Mend();
        await WaitAsync("Now listening on");

        async Task WaitAsync(string text)
        {
            for (var attempt = 0; !service.Log.Contains(text, StringComparison.Ordinal); attempt++)
            {
                Assert.True(attempt < 200 && service.IsRunning, service.Log);
                await Task.Delay(200, _cancellation);
            }
        }
    }

    /// <summary>Valid settings for servers that are never contacted.</summary>
    private static Dictionary<string, string> Settings => new()
    {
        ["VIZ_SECRETS"] = "/nowhere",
        // Services wait out transient faults; a test cannot wait a minute.
        ["Startup__PatienceSeconds"] = "6",
        ["Http__Port"] = "0",
        ["Http__ApiKeys__0"] = "api-key-0123456789abcdef",
        ["RabbitMq__Host"] = "127.0.0.1",
        ["RabbitMq__User"] = "app",
        ["RabbitMq__Password"] = "app-secret",
        ["Postgres__Host"] = "127.0.0.1",
        ["Postgres__Database"] = "viz",
        ["Postgres__User"] = "app",
        ["Postgres__Password"] = "app-secret",
        ["ObjectStore__Endpoint"] = "http://127.0.0.1:8333",
        ["ObjectStore__Bucket"] = "viz-startup",
        ["ObjectStore__AccessKey"] = "testaccess",
        ["ObjectStore__SecretKey"] = "testing-secret",
    };

    /// <summary>Gets settings with which a service starts.</summary>
    private static async Task<Dictionary<string, string>> GoodSettingsAsync()
    {
        await Broker.StartAsync();
        var (postgres, s3) = (await TestPostgres.NewDatabaseAsync(), await TestS3.NewBucketAsync());
        return new Dictionary<string, string>(Settings)
        {
            ["RabbitMq__Port"] = $"{Broker.Port}",
            ["Postgres__Port"] = $"{postgres.Port}",
            ["Postgres__Database"] = postgres.Database,
            ["ObjectStore__Endpoint"] = s3.Endpoint,
            ["ObjectStore__Bucket"] = s3.Bucket,
        };
    }

    private Task RefusesAsync(string program, Dictionary<string, string> settings, Dictionary<string, string> faults, params string[] parts)
        => RefusesAsync(program, settings, faults, onlyLine: true, parts);

    private async Task RefusesAsync(
        string program, Dictionary<string, string> settings, Dictionary<string, string> faults, bool onlyLine, params string[] parts)
    {
        foreach (var (setting, value) in faults)
            settings[setting] = value;
        var started = Stopwatch.GetTimestamp();
        using var service = ServiceProcess.Start(program, settings);
        var exitCode = await service.FinishAsync(TimeSpan.FromSeconds(60), _cancellation);
        var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
        var log = service.Log.Trim();
        TestContext.Current.TestOutputHelper?.WriteLine($"{seconds:F1} s: {log}");

        Assert.Equal(2, exitCode);
        var line = Assert.Single(log.Split('\n'), line => line.Contains(" cannot start: ", StringComparison.Ordinal));
        if (onlyLine)
            Assert.Equal(log, line);
        Assert.StartsWith(program == Worker ? "viz-worker cannot start: " : "viz-coordinator cannot start: ", line);
        Assert.All(parts, part => Assert.Contains(part, line));
        Assert.All(
            [WrongSecret, "app-secret", "testing-secret", "limited-secret", "too-short-se"], secret => Assert.DoesNotContain(secret, log));
        // 15 s are promised; allow for a slow start on a busy machine.
        Assert.True(seconds < 25, $"{seconds} s");
    }
}
