using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace VizPipeline.Hosting;

/// <summary>
/// Common features of every service of the cluster: settings, logs, health, metrics, and one line per fault if it cannot start.
/// </summary>
public static class ServiceHost
{
    /// <summary>Exit code of a service that cannot start, because of wrong settings or an unavailable server.</summary>
    public const int CannotStart = 2;

    /// <summary>Creates the host builder of a service.</summary>
    /// <remarks>
    /// Settings come from appsettings.json next to the program, then from the secrets folder (files named like <c>Postgres__Password</c>),
    /// then from the environment.
    /// </remarks>
    /// <param name="args">The command line; <c>--Section:Key=value</c> overrides all other settings. Any other argument is refused.</param>
    /// <param name="name">The service's name in logs, metrics and connections.</param>
    /// <param name="port">Its port unless the settings name one.</param>
    public static WebApplicationBuilder CreateBuilder(string[] args, string name, int port)
    {
        var builder = CreateBuilder(args, name);
        builder.AddVizTelemetry(name);
        builder.Services.AddValidatedOptions<HttpOptions>(
            HttpOptions.Section,
            options => options.Port = builder.Configuration[$"{HttpOptions.Section}:Port"] is null ? port : options.Port);
        builder.Services.AddSingleton<ApiKeys>();
        builder.Services.AddSingleton<ServiceTroubles>();
        builder.Services.AddHealthChecks().AddCheck<ServiceTroubles>("troubles");
        builder.Services.AddProblemDetails();
        builder.WebHost.ConfigureKestrel((_, kestrel) =>
        {
            var http = kestrel.ApplicationServices.GetRequiredService<IOptions<HttpOptions>>().Value;
            kestrel.AddServerHeader = false;
            kestrel.Listen(IPAddress.Parse(http.Address), http.Port);
        });
        return builder;
    }

    /// <summary>
    /// Runs a verb of a service, such as <c>migrate</c>, if it is the first argument. A verb registers only the settings that it uses, so
    /// only those are validated. Returns null if there is no verb and the service itself should start.
    /// </summary>
    /// <param name="args">The command line.</param>
    /// <param name="name">The service's name.</param>
    /// <param name="verbs">
    /// The verbs by name: <c>Add</c> registers what the verb uses, and <c>RunAsync</c> does its work once all servers are available.
    /// </param>
    /// <returns>The exit code.</returns>
    public static async Task<int?> RunVerbAsync(string[] args, string name, IReadOnlyDictionary<string, ServiceVerb> verbs)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(verbs);
        if (args.Length == 0 || args[0].StartsWith('-'))
            return null;
        if (!verbs.TryGetValue(args[0], out var verb))
        {
            var known = verbs.Count == 0
                ? "it takes settings only"
                : $"it knows {string.Join(", ", verbs.Keys)}, and without a word it starts the service";
            return Refuse(name, [$"there is no command '{args[0]}'; {known}"]);
        }
        var builder = CreateBuilder(args[1..], name);
        verb.Add(builder);
        if (builder.RefusesSettings())
            return CannotStart;
        await using var app = builder.Build();
        var faults = await StartupSteps.RunAsync(app.Services, CancellationToken.None);
        return faults.Count > 0 ? Refuse($"{name} {args[0]}", faults) : await verb.RunAsync(app.Services);
    }

    /// <summary>
    /// Connects a user's command to the servers of a cluster. Settings come from the environment and are checked as at the start of a
    /// service.
    /// </summary>
    /// <param name="add">Registers what the command uses.</param>
    /// <param name="cancellation">Cancels the operation.</param>
    /// <exception cref="StartupException">A setting is wrong or a server is unavailable; the message lists all the faults.</exception>
    public static async Task<IHost> OpenClusterAsync(Action<IHostApplicationBuilder> add, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(add);
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "viz" });
        // A user is waiting for the command.
        builder.Configuration.AddInMemoryCollection([new($"{StartupOptions.Section}:{nameof(StartupOptions.PatienceSeconds)}", "5")]);
        builder.Configuration.AddEnvironmentVariables();
        builder.Services.AddLogging();
        builder.Services.AddValidatedOptions<StartupOptions>(StartupOptions.Section);
        add(builder);
        var host = builder.Build();
        IReadOnlyList<string> faults = StartupSteps.SettingsFaults(host.Services);
        if (faults.Count == 0)
            faults = await StartupSteps.RunAsync(host.Services, cancellation);
        if (faults.Count == 0)
            return host;
        host.Dispose();
        throw new StartupException(string.Join("; ", faults));
    }

    private static WebApplicationBuilder CreateBuilder(string[] args, string name)
    {
        var builder = WebApplication.CreateSlimBuilder(
            new WebApplicationOptions { ApplicationName = name, ContentRootPath = AppContext.BaseDirectory });
        // Rebuilt in our order: the defaults would insert files of the working folder and ASPNETCORE_ variables.
        builder.Configuration.Sources.Clear();
        // No service exists yet that could be shut down cleanly.
        if (args.FirstOrDefault(arg => !IsSetting(arg)) is { } odd)
            Environment.Exit(Refuse(
                name,
                [$"'{odd}' is no setting; settings are environment variables like Http__Port=8080, "
                    + "or --Http:Port=8080 here (docs/cluster.md has all)"]));
        try
        {
            builder.Configuration.AddJsonFile("appsettings.json", optional: true);
            var secrets = Environment.GetEnvironmentVariable("VIZ_SECRETS") ?? "/run/secrets";
            builder.Configuration.AddKeyPerFile(secrets, optional: true);
            builder.Configuration.AddEnvironmentVariables();
            builder.Configuration.AddCommandLine(args);
        }
        catch (Exception failure) when (failure is FormatException or InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Environment.Exit(Refuse(name, [$"{failure.Message} {failure.InnerException?.Message}".Trim()]));
        }
        builder.AddVizLogging();
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddValidatedOptions<StartupOptions>(StartupOptions.Section);
        return builder;
    }

    /// <summary>Checks the settings before anything is built from them and prints all faults to standard error.</summary>
    /// <returns>Whether the service cannot start; its exit code is then <see cref="CannotStart"/>.</returns>
    public static bool RefusesSettings(this WebApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        // Building the service configures the web server and the bus, which would stop at the first fault with a stack trace.
        using var services = builder.Services.BuildServiceProvider();
        var faults = StartupSteps.SettingsFaults(services);
        if (faults.Count > 0)
            Refuse(builder.Environment.ApplicationName, faults);
        return faults.Count > 0;
    }

    /// <summary>Maps health and metrics, open to everyone, and requires API keys for everything under <c>/api</c>.</summary>
    public static WebApplication MapServiceEndpoints(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        if (app.Services.GetRequiredService<IOptions<HttpOptions>>().Value.BehindProxy)
        {
            // Only the nearest proxy, whatever its address, because the setting declares it trusted.
            var forwarded = new ForwardedHeadersOptions
            {
                ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto,
                ForwardLimit = 1,
            };
            forwarded.KnownIPNetworks.Clear();
            forwarded.KnownProxies.Clear();
            app.UseForwardedHeaders(forwarded);
        }
        app.UseExceptionHandler();
        app.UseApiKeys();
        app.MapHealthChecks("/health/live", new HealthCheckOptions { Predicate = _ => false });
        app.MapHealthChecks("/health/ready", new HealthCheckOptions
        {
            ResponseWriter = (context, report) => context.Response.WriteAsync(string.Join('\n', report.Entries
                .Select(entry => $"{entry.Key}: {entry.Value.Status}{(entry.Value.Description is { } text ? $", {text}" : "")}")
                .Prepend(report.Status.ToString()))),
        });
        app.MapPrometheusScrapingEndpoint("/metrics");
        return app;
    }

    /// <summary>Checks the servers, runs the service until it stops, and returns the exit code.</summary>
    public static async Task<int> RunServiceAsync(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        var name = app.Environment.ApplicationName;
        using var stop = new CancellationTokenSource();
        try
        {
            var faults = await StartupSteps.RunAsync(app.Services, stop.Token);
            if (faults.Count > 0)
                return Refuse(name, faults);
            await app.RunAsync();
            return 0;
        }
        catch (IOException failure) when (failure.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException)
        {
            return Refuse(name, [$"{failure.Message.TrimEnd('.')}; choose another port with Http__Port"]);
        }
        catch (SocketException failure)
        {
            return Refuse(name, [$"it cannot listen: {failure.Message}; check Http__Address and Http__Port"]);
        }
        finally
        {
            await app.DisposeAsync();
        }
    }

    private static bool IsSetting(string arg)
        => arg.StartsWith("--", StringComparison.Ordinal) && arg.Contains('=', StringComparison.Ordinal);

    private static int Refuse(string name, IReadOnlyList<string> faults)
    {
        var count = faults.Count == 1 ? "" : $"{faults.Count} faults: ";
        Console.Error.WriteLine($"viz-{name} cannot start: {count}{string.Join("; ", faults).ReplaceLineEndings(" ")}");
        return CannotStart;
    }

    private static void AddVizLogging(this WebApplicationBuilder builder)
    {
        builder.Logging.ClearProviders();
        builder.Logging.AddConfiguration(builder.Configuration.GetSection("Logging"));
        builder.Logging.AddFilter("Microsoft.AspNetCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.EntityFrameworkCore", LogLevel.Warning);
        builder.Logging.AddFilter("Microsoft.Hosting.Lifetime", LogLevel.Information);
        if (builder.Configuration["VIZ_LOG"] == "json")
            builder.Logging.AddJsonConsole(options =>
            {
                options.IncludeScopes = true;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";
            });
        else
            builder.Logging.AddSimpleConsole(options =>
            {
                options.SingleLine = true;
                options.IncludeScopes = false;
                options.UseUtcTimestamp = true;
                options.TimestampFormat = "HH:mm:ss.fff ";
            });
    }
}

/// <summary>Work that a service does instead of serving, e.g. <c>migrate</c>.</summary>
/// <param name="Add">Registers what the verb uses, including settings and startup checks.</param>
/// <param name="RunAsync">Does the work and returns the exit code.</param>
public sealed record ServiceVerb(Action<WebApplicationBuilder> Add, Func<IServiceProvider, Task<int>> RunAsync);
