using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace VizPipeline.Tests.Deployment;

/// <summary>Checks, for every set of values, that the parts of a release would find each other and get what they need.</summary>
public sealed partial class ChartMeaningTests
{
    // Seconds that a stop takes beyond the current job: messages in flight, see RabbitMqBus.
    private const long StopSeconds = 10;
    private static readonly string[] Roles = ["coordinator", "worker", "atlas", "migration"];

    public static TheoryData<string> ValueSets => [.. Helm.ValueSets];

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Each_kind_of_job_is_served_by_some_worker(string values)
    {
        var release = await Helm.Render(values);
        var scaled = release.OfKind("ScaledObject").Select(o => (string?)o["spec"]!["scaleTargetRef"]!["name"]).ToHashSet();
        var served = release.Workers.Where(pool => scaled.Contains(pool.Name) || pool.Owner["spec"]!["replicas"]!.GetValue<long>() > 0)
            .SelectMany(pool => pool.Variable("Worker__Kinds")?.Split(',') ?? DeploymentContract.JobKinds).ToHashSet();
        var elsewhere = Pod.List(ChartValues.Of(values)["servedElsewhere"]).Select(kind => (string)kind!);
        Assert.Empty(DeploymentContract.JobKinds.Except(served).Except(elsewhere));
        if (values is "gpu-keda" or "required" or "trial")
            Assert.Empty(DeploymentContract.JobKinds.Except(served));
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Each_secret_that_is_read_is_one_that_the_chart_says_to_make(string values)
    {
        var keys = SecretKeys(ChartValues.Of(values));
        var read = (await Helm.Render(values)).Pods.SelectMany(pod => pod.SecretsRead()).ToList();
        Assert.NotEmpty(read);
        foreach (var (secret, key, setting) in read)
            Assert.True(keys.Contains((secret, key)), $"{setting} is read from {key} of the Secret {secret}, which no value names");

        // The README lists the default names of the keys.
        var readme = Repository.Read("helm", "viz-pipeline", "README.md").Split("## Values")[0];
        foreach (var (secret, key) in SecretKeys(ChartValues.Own))
            Assert.Contains($"`{key}`", readme);
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Probes_and_services_ask_ports_that_the_container_serves(string values)
    {
        var release = await Helm.Render(values);
        foreach (var pod in release.Pods.Where(pod => !pod.IsJob))
        {
            var ports = pod.Ports();
            foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
            {
                var asked = pod.Container[probe]!["httpGet"]?["port"] ?? pod.Container[probe]!["tcpSocket"]?["port"];
                if (asked is not null)
                    Assert.Contains((string?)asked, ports.Keys);
                else
                    Assert.NotEmpty(Pod.List(pod.Container[probe]!["exec"]!["command"]));
            }
            if (Roles.Contains(pod.Component))
                Assert.Equal(pod.Variable("Http__Port"), $"{ports["http"]}");
        }
        foreach (var service in release.OfKind("Service"))
        {
            foreach (var pod in release.SelectedBy(service["spec"]!["selector"]))
                Assert.All(Pod.List(service["spec"]!["ports"]), port => Assert.Contains((string?)port["targetPort"], pod.Ports().Keys));
        }
        foreach (var backend in release.OfKind("Ingress")
            .SelectMany(o => Pod.List(o["spec"]!["rules"]))
            .SelectMany(rule => Pod.List(rule["http"]!["paths"]))
            .Select(path => path["backend"]!["service"]!))
        {
            var service = release.Find("Service", backend["name"]!.GetValue<string>());
            Assert.Contains(Pod.List(service["spec"]!["ports"]), port => (string?)port["name"] == (string?)backend["port"]!["name"]);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Network_policies_admit_what_each_role_s_settings_name_and_nothing_else(string values)
    {
        var release = await Helm.Render(values);
        var policies = release.OfKind("NetworkPolicy").ToList();
        if (policies.Count == 0)
        {
            Assert.False(ChartValues.Of(values)["networkPolicy"]!["enabled"]!.GetValue<bool>());
            return;
        }
        var servers = ChartValues.Of(values)["networkPolicy"]!["servers"];
        foreach (var pod in release.Pods.Where(pod => Roles.Contains(pod.Component)))
        {
            // During an install only the policies of hooks apply to the job; during an upgrade all do.
            foreach (var there in pod.IsJob
                ? [[.. policies.Where(policy => Release.Hooks(policy).Length > 0)], policies]
                : (List<JsonNode>[])[policies])
            {
                var rules = there.Where(policy => pod.IsSelectedBy(policy["spec"]!["podSelector"]!["matchLabels"]))
                    .SelectMany(policy => Pod.List(policy["spec"]!["egress"])).ToList();
                var reached = Servers(pod).ToList();
                Assert.Contains(rules, rule => Admits(rule, "UDP", 53) && rule["to"] is null);
                Assert.Contains(rules, rule => Admits(rule, "TCP", 53) && rule["to"] is null);
                foreach (var (host, port) in reached)
                    Assert.True(
                        rules.Any(rule => Admits(rule, "TCP", port) && Leads(release, rule["to"], servers, host)),
                        $"{pod.Name} may not reach {host}:{port}");
                var open = rules.SelectMany(rule => Pod.List(rule["ports"])).Select(port => (int)port["port"]!.GetValue<long>()).Distinct();
                Assert.Equal(reached.Select(server => server.Port).Append(53).Distinct().Order(), open.Order());
            }
            foreach (var (host, port) in Servers(pod))
                LetsIn(release, policies, host, port, pod);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task The_tables_are_migrated_by_one_hook_and_by_no_replica(string values)
    {
        var release = await Helm.Render(values);
        var job = Assert.Single(
            release.Pods,
                pod => pod.AllContainers.Any(container => container.ToJsonString().Contains("migrate", StringComparison.Ordinal)));
        Assert.True(job.IsJob);
        Assert.All(release.Pods, pod => Assert.Empty(pod.InitContainers));
        Assert.Equal("migrate", (string?)Assert.Single(Pod.List(job.Container["args"])));
        DeploymentContract.Check("migrate", job.Settings(job.Container));

        // Before the services if the database already exists, after the database if the release includes it.
        var isTrial = ChartValues.Of(values)["trial"]!["enabled"]!.GetValue<bool>();
        string[] events = isTrial ? ["post-install", "post-upgrade"] : ["pre-install", "pre-upgrade"];
        Assert.Equal(events, Release.Hooks(job.Owner));
        Assert.InRange(job.Owner["spec"]!["backoffLimit"]!.GetValue<long>(), 1, 100);
        Assert.NotNull(job.Owner["spec"]!["activeDeadlineSeconds"]);

        // What it needs is also a hook, with a lower weight.
        foreach (var needed in release.Objects.Where(o => Release.Hooks(o).Length > 0 && Release.Kind(o) != "Job"))
        {
            Assert.Equal(events, Release.Hooks(needed));
            Assert.True(Weight(needed) < Weight(job.Owner));
        }
        if (ChartValues.Of(values)["serviceAccount"]!["create"]!.GetValue<bool>())
            Assert.NotEmpty(Release.Hooks(release.Find("ServiceAccount", (string)job.Spec["serviceAccountName"]!)));

        static int Weight(JsonNode o)
            => int.Parse((string)o["metadata"]!["annotations"]!["helm.sh/hook-weight"]!, CultureInfo.InvariantCulture);
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task A_service_that_waits_for_its_servers_is_not_killed_for_it(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods.Where(pod => Roles.Contains(pod.Component)))
        {
            var patience = long.Parse(pod.Variable("Startup__PatienceSeconds")!, CultureInfo.InvariantCulture);
            Assert.InRange(patience, 60, 3600);
            if (pod.Container["startupProbe"] is { } probe)
                Assert.True(
                    probe["periodSeconds"]!.GetValue<long>() * probe["failureThreshold"]!.GetValue<long>() >= patience + 30, pod.Name);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Kubernetes_waits_longer_than_a_stop_takes(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods.Where(pod => Roles.Contains(pod.Component)))
        {
            var preStop = Pod.List(pod.Container["lifecycle"]?["preStop"]?["exec"]?["command"]).Select(part => (string)part!).ToList();
            var wait = preStop is ["sleep", var seconds] ? long.Parse(seconds, CultureInfo.InvariantCulture) : 0;
            var drain = (
                pod.Variable("Worker__ShutdownSeconds") is { } job
                    ? long.Parse(job, CultureInfo.InvariantCulture)
                    : StopSeconds) + StopSeconds;
            Assert.True(
                pod.GracePeriod > wait + drain, $"{pod.Name}: {pod.GracePeriod} s for {wait} s of preStop and {drain} s of stopping");
            // Clients connect to these, and are still routed to a terminating pod for a moment.
            if (pod.Component is "coordinator" or "atlas")
                Assert.True(wait > 0);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task What_pods_write_fits_into_what_they_ask_for(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods)
        {
            var folders = pod.Volumes.Select(volume => volume["emptyDir"]).OfType<JsonNode>()
                .Where(folder => (string?)folder["medium"] != "Memory").Sum(folder => GiB(folder["sizeLimit"]) ?? 0);
            var resources = pod.Container["resources"]!;
            Assert.True(folders <= GiB(resources["limits"]!["ephemeral-storage"]), pod.Name);
            if (pod.Component != "worker")
                continue;
            // Kubernetes schedules it where there is room, and its cache stays below the size of its volume.
            Assert.True(folders <= GiB(resources["requests"]!["ephemeral-storage"]), pod.Name);
            var cache = pod.Volumes.Single(volume => (string?)volume["name"] == "cache");
            var room = GiB(cache["emptyDir"]?["sizeLimit"])
                ?? GiB(cache["ephemeral"]?["volumeClaimTemplate"]!["spec"]!["resources"]!["requests"]!["storage"]);
            var disk = long.Parse(pod.Variable("Worker__DiskBytes")!, CultureInfo.InvariantCulture) / (double)(1L << 30);
            if (room is { } there)
                Assert.InRange(disk, 0.5 * there, 0.95 * there);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Nodes_can_be_drained_and_one_replica_stays(string values)
    {
        var release = await Helm.Render(values);
        foreach (var pod in release.Pods.Where(pod => pod.Component is "coordinator" or "atlas"))
            Assert.Contains(release.OfKind("PodDisruptionBudget"), budget => pod.IsSelectedBy(budget["spec"]!["selector"]!["matchLabels"]));
        foreach (var budget in release.OfKind("PodDisruptionBudget"))
        {
            Assert.Single(release.SelectedBy(budget["spec"]!["selector"]!["matchLabels"]));
            Assert.Null(budget["spec"]!["minAvailable"]);
            Assert.Matches("^[1-9][0-9]*%?$", budget["spec"]!["maxUnavailable"]!.ToString());
        }
    }

    [Fact]
    public async Task Images_can_be_named_by_digest()
    {
        var release = await Helm.Render("everything", $"image.digests.coordinator=sha256:{new string('c', 64)}");
        Assert.Matches(
            "^registry.example.com:5000/lab/viz-pipeline/worker:0.1.0-3@sha256:a{64}$", (
                string)release.Pod("worker-cpu").Container["image"]!);
        Assert.Matches("worker:0.1.0-3-cuda@sha256:b{64}$", (string)release.Pod("worker-gpu").Container["image"]!);
        foreach (var pod in (string[])["coordinator", "migration"])
            Assert.Matches("coordinator:0.1.0-3@sha256:c{64}$", (string)release.Pod(pod).Container["image"]!);
        Assert.Matches("atlas:0.1.0-3$", (string)release.Pod("-atlas").Container["image"]!);
    }

    [Theory]
    [InlineData("coordinator")]
    [InlineData("atlas")]
    [InlineData("migration")]
    [InlineData("workers[0]")]
    public async Task Pods_take_what_a_cluster_asks_for(string role)
    {
        string[] pool = role == "workers[0]" ? ["workers[0].name=cpu"] : [];
        var release = await Helm.Render("trial", [.. pool,
            $"{role}.podLabels.team=vision", $"{role}.podAnnotations.note=x", $"{role}.nodeSelector.disk=ssd",
            $"{role}.tolerations[0].operator=Exists",
            $"{role}.topologySpreadConstraints[0].maxSkew=1", $"{role}.topologySpreadConstraints[0].topologyKey=zone",
            $"{role}.topologySpreadConstraints[0].whenUnsatisfiable=ScheduleAnyway",
            $"{role}.affinity.nodeAffinity.preferredDuringSchedulingIgnoredDuringExecution[0].weight=7",
            $"{role}.priorityClassName=high", $"{role}.resources.requests.cpu=3",
            $"{role}.env[0].name=TZ", $"{role}.env[0].value=UTC", $"{role}.envFrom[0].configMapRef.name=proxy",
            $"{role}.extraVolumes[0].name=notes", $"{role}.extraVolumes[0].configMap.name=notes",
            $"{role}.extraVolumeMounts[0].name=notes", $"{role}.extraVolumeMounts[0].mountPath=/notes",
            "image.pullSecrets={registry}", "serviceAccount.create=false", "serviceAccount.name=house"]);
        var pod = release.Pod(role == "workers[0]" ? "worker-cpu" : "-" + role);
        Assert.Equal("vision", (string?)pod.Labels["team"]);
        Assert.Equal("x", (string?)pod.Owner["spec"]!["template"]!["metadata"]!["annotations"]!["note"]);
        Assert.Equal("ssd", (string?)pod.Spec["nodeSelector"]!["disk"]);
        Assert.Equal("Exists", (string?)Assert.Single(Pod.List(pod.Spec["tolerations"]))["operator"]);
        Assert.Equal("zone", (string?)Assert.Single(Pod.List(pod.Spec["topologySpreadConstraints"]))["topologyKey"]);
        Assert.Contains("\"weight\":7", pod.Spec["affinity"]!.ToJsonString());
        Assert.Equal("high", (string?)pod.Spec["priorityClassName"]);
        Assert.Equal("registry", (string?)Assert.Single(Pod.List(pod.Spec["imagePullSecrets"]))["name"]);
        Assert.Equal("house", (string?)pod.Spec["serviceAccountName"]);
        Assert.Equal("3", pod.Container["resources"]!["requests"]!["cpu"]!.ToString());
        Assert.Equal("UTC", pod.Variable("TZ"));
        Assert.Equal("proxy", (string?)Assert.Single(Pod.List(pod.Container["envFrom"]))["configMapRef"]!["name"]);
        Assert.Contains(pod.Volumes, volume => (string?)volume["configMap"]?["name"] == "notes");
        Assert.Contains(Pod.List(pod.Container["volumeMounts"]), mount => (string?)mount["mountPath"] == "/notes");
        Assert.Empty(release.OfKind("ServiceAccount"));
    }

    // A removed value is either optional, or the message says that it is missing; no template fails obscurely.
    [Fact]
    public async Task A_value_that_is_taken_away_is_told_or_not_missed()
    {
        var failures = new System.Collections.Concurrent.ConcurrentBag<string>();
        await Parallel.ForEachAsync(
            ChartValues.Paths(ChartValues.Own), new ParallelOptions { MaxDegreeOfParallelism = 2 }, async (path, _) =>
        {
            var result = await Helm.Template("everything", path + "=null");
            var name = path[(path.LastIndexOf('.') + 1)..].Replace("\\", "", StringComparison.Ordinal);
            if (result.ExitCode != 0 && !(result.Error.Contains($"{name} is required", StringComparison.Ordinal) || result.Error.Contains(
                path + ":", StringComparison.Ordinal)))
                failures.Add($"{path}: {result.Error}");
        });
        Assert.Empty(failures);
    }

    private static bool Admits(JsonNode rule, string protocol, int port) =>
        Pod.List(rule["ports"]).Any(
            open => (string?)open["protocol"] == protocol
                && open["port"]!.GetValueKind() == System.Text.Json.JsonValueKind.Number
                && open["port"]!.GetValue<long>() == port);

    // To the servers that the values name, to a server of the release by its labels, or to anywhere.
    private static bool Leads(Release release, JsonNode? to, JsonNode? servers, string host)
        => release.OfKind("Service").SingleOrDefault(o => Release.Name(o) == host) is { } service
        ? Pod.List(to)
            .Any(peer => release.SelectedBy(service["spec"]!["selector"]).Any(pod => pod.IsSelectedBy(peer["podSelector"]!["matchLabels"])))
        : to is null || JsonNode.DeepEquals(to, servers);

    // What a server of the release accepts.
    private static void LetsIn(Release release, List<JsonNode> policies, string host, int port, Pod from)
    {
        foreach (var service in release.OfKind("Service").Where(o => Release.Name(o) == host))
        {
            // A headless service has no DNS name until its pod is ready.
            Assert.NotEqual("None", (string?)service["spec"]!["clusterIP"]);
            Assert.Contains(Pod.List(service["spec"]!["ports"]), open => open["port"]!.GetValue<long>() == port);
            foreach (var server in release.SelectedBy(service["spec"]!["selector"]))
            {
                Assert.Contains(port, server.Ports().Values);
                var rules = policies.Where(policy => server.IsSelectedBy(policy["spec"]!["podSelector"]!["matchLabels"]))
                    .SelectMany(policy => Pod.List(policy["spec"]!["ingress"]));
                Assert.Contains(
                    rules, rule => Admits(rule, "TCP", port)
                        && Pod.List(rule["from"]).Any(peer => from.IsSelectedBy(peer["podSelector"]?["matchLabels"])));
            }
        }
    }

    private static IEnumerable<(string Host, int Port)> Servers(Pod pod)
    {
        foreach (var section in (string[])["Postgres", "RabbitMq"])
        {
            if (pod.Variable(section + "__Host") is { } host)
                yield return (host, int.Parse(pod.Variable(section + "__Port")!, CultureInfo.InvariantCulture));
        }
        foreach (var name in (string[])["ObjectStore__Endpoint", "OTEL_EXPORTER_OTLP_ENDPOINT"])
        {
            if (pod.Variable(name) is { } address)
                yield return (new Uri(address).Host, new Uri(address).Port);
        }
    }

    /// <summary>Returns the Secrets that the values name, with their keys.</summary>
    private static HashSet<(string Secret, string Key)> SecretKeys(JsonObject values)
    {
        if (values["trial"]!["enabled"]!.GetValue<bool>())
        {
            // The README's row is the reference.
            var row = Repository.Read("helm", "viz-pipeline", "README.md").Split('\n')
                .Single(line => line.StartsWith("| `trial` |", StringComparison.Ordinal));
            return [.. Code().Matches(row.Split('|')[2]).Select(key => ((string)values["trial"]!["existingSecret"]!, key.Groups[1].Value))];
        }
        var keys = new HashSet<(string, string)>();
        foreach (var section in (string[])["postgres", "rabbitmq", "objectStore"])
        {
            foreach (var (_, account) in values[section]!.AsObject().Where(
                pair => pair.Value is JsonObject account && account.ContainsKey("existingSecret")))
            {
                foreach (var (name, key) in account!.AsObject().Where(
                    pair => pair.Key is "userKey" or "passwordKey" or "accessKeyKey" or "secretKeyKey"))
                    keys.Add(((string)account["existingSecret"]!, (string)key!));
            }
        }
        keys.Add(((string)values["http"]!["existingSecret"]!, (string)values["http"]!["apiKeysKey"]!));
        return keys;
    }

    private static double? GiB(JsonNode? quantity)
    {
        if (quantity is null)
            return null;
        var match = Quantity().Match(quantity.ToString());
        Assert.True(match.Success, quantity.ToString());
        return double.Parse(match.Groups[1].Value, CultureInfo.InvariantCulture) * (match.Groups[2].Value == "Gi" ? 1 : 1 / 1024.0);
    }

    [GeneratedRegex("^([0-9.]+)(Gi|Mi)$")]
    private static partial Regex Quantity();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
