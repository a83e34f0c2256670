using System.Text.Json.Nodes;
using k8s;

namespace VizPipeline.Tests.Deployment;

/// <summary>Checks that hold for the chart with any values.</summary>
public sealed class ChartTests
{
    private static readonly string[] SecretWords =
    [
        "Password", "SecretKey", "AccessKey", "ApiKeys", "PASSWORD", "SECRET_KEY", "ACCESS_KEY",
    ];
    private static readonly string[] CustomGroups = ["keda.sh", "monitoring.coreos.com"];

    public static TheoryData<string> ValueSets => [.. Helm.ValueSets];

    [Fact]
    public void There_are_values_for_each_way_to_install() =>
        Assert.Equal(["everything", "gpu-keda", "open-network", "other-workers", "required", "trial"], Helm.ValueSets);

    [Fact]
    public async Task Values_as_they_come_have_no_fault() => Assert.Equal(0, (await Helm.Lint(null)).ExitCode);

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Lint_finds_nothing(string values)
    {
        var result = await Helm.Lint(values);
        Assert.True(result.ExitCode == 0, result.Output + result.Error);
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Kubernetes_knows_every_field(string values)
    {
        foreach (var document in (await Helm.Render(values)).Text.Split("\n---\n"))
        {
            var o = Yaml.Documents(document).SingleOrDefault();
            if (o is null || CustomGroups.Any(group => o["apiVersion"]!.GetValue<string>().StartsWith(group, StringComparison.Ordinal)))
                continue;
            Assert.Single(KubernetesYaml.LoadAllFromString(document, strict: true));
        }
    }

    [Fact]
    public async Task A_field_that_Kubernetes_does_not_know_would_be_found()
    {
        var document = (await Helm.Render("required")).Text.Split("\n---\n")
            .First(text => text.Contains("kind: Deployment", StringComparison.Ordinal));
        var slip = document.Replace("terminationGracePeriodSeconds", "terminationGraceSeconds", StringComparison.Ordinal);
        Assert.NotEqual(document, slip);
        Assert.ThrowsAny<Exception>(() => KubernetesYaml.LoadAllFromString(slip, strict: true));
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Objects_have_names_of_their_own(string values)
    {
        var names = (await Helm.Render(values)).Objects.Select(o => (Release.Kind(o), Release.Name(o))).ToList();
        Assert.Equal(names.Count, names.Distinct().Count());
        Assert.All(names, name => Assert.InRange(name.Item2.Length, 1, 63));
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Secrets_come_by_reference_only(string values)
    {
        var release = await Helm.Render(values);
        Assert.Empty(release.OfKind("Secret"));
        foreach (var variable in release.Pods.SelectMany(pod => pod.AllContainers).SelectMany(Pod.Variables))
        {
            if (SecretWords.Any(variable["name"]!.GetValue<string>().Contains))
            {
                Assert.Null(variable["value"]);
                Assert.NotNull(variable["valueFrom"]!["secretKeyRef"]);
            }
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Pods_have_no_rights(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods)
        {
            Assert.False(pod.Spec["automountServiceAccountToken"]!.GetValue<bool>());
            Assert.True(pod.Spec["securityContext"]!["runAsNonRoot"]!.GetValue<bool>());
            Assert.InRange(pod.Spec["securityContext"]!["runAsUser"]!.GetValue<long>(), 1, long.MaxValue);
            Assert.Equal("RuntimeDefault", (string?)pod.Spec["securityContext"]!["seccompProfile"]!["type"]);
            foreach (var security in pod.AllContainers.Select(container => container["securityContext"]!))
            {
                Assert.False(security["allowPrivilegeEscalation"]!.GetValue<bool>());
                Assert.True(security["readOnlyRootFilesystem"]!.GetValue<bool>());
                Assert.Equal("ALL", (string?)Assert.Single(Pod.List(security["capabilities"]!["drop"])));
            }
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Containers_are_probed_bounded_and_of_a_known_version(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods)
        {
            foreach (var container in pod.AllContainers)
            {
                Assert.NotNull(container["resources"]!["requests"]!["memory"]);
                Assert.NotNull(container["resources"]!["limits"]!["memory"]);
                Assert.Matches("(:[^:/@]*[0-9][^:/@]*|@sha256:[0-9a-f]{64})$", container["image"]!.GetValue<string>());
            }
            // A job ends on its own.
            if (pod.IsJob)
                continue;
            foreach (var probe in (string[])["startupProbe", "livenessProbe", "readinessProbe"])
                Assert.NotNull(pod.Container[probe]);
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task Mounts_have_volumes_and_volumes_have_mounts(string values)
    {
        foreach (var pod in (await Helm.Render(values)).Pods)
        {
            var volumes = pod.Volumes.Concat(Pod.List(pod.Owner["spec"]!["volumeClaimTemplates"]).Select(claim => claim["metadata"]!));
            var mounts = pod.AllContainers.SelectMany(container => Pod.List(container["volumeMounts"]));
            Assert.Equal(volumes.Select(NameOf).Order(), mounts.Select(NameOf).Distinct().Order());
        }
    }

    [Theory, MemberData(nameof(ValueSets))]
    public async Task What_is_referred_to_is_in_the_release(string values)
    {
        var release = await Helm.Render(values);
        var account = ChartValues.Of(values)["serviceAccount"]!;
        foreach (var pod in release.Pods)
        {
            if (account["create"]!.GetValue<bool>())
                release.Find("ServiceAccount", pod.Spec["serviceAccountName"]!.GetValue<string>());
            else
                Assert.Equal((string?)account["name"], (string?)pod.Spec["serviceAccountName"]);
        }
        foreach (var selector in release.OfKind("Service").Select(service => service["spec"]!["selector"]!.AsObject())
            .Concat(release.OfKind("NetworkPolicy").Select(policy => policy["spec"]!["podSelector"]!["matchLabels"]!.AsObject()))
            .Concat(release.OfKind("PodDisruptionBudget").Select(budget => budget["spec"]!["selector"]!["matchLabels"]!.AsObject())))
        {
            Assert.Contains(release.Pods, pod => selector.All(label => JsonNode.DeepEquals(pod.Labels[label.Key], label.Value)));
        }
        foreach (var pod in release.Pods.Where(pod => !pod.IsJob))
        {
            var selector = pod.Owner["spec"]!["selector"]!["matchLabels"]!.AsObject();
            Assert.All(selector, label => Assert.Equal((string?)label.Value, (string?)pod.Labels[label.Key]));
            // An upgrade cannot change a selector, so it must not contain anything that changes with the version.
            Assert.False(selector.ContainsKey("app.kubernetes.io/version"));
        }
    }

    private static string NameOf(JsonNode node) => node["name"]!.GetValue<string>();
}
