using System.Reflection;
using Microsoft.AspNetCore.Components;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.Extensions.Logging;
using Xen2Kvm.Engine.Ports;

namespace Xen2Kvm.Architecture.Tests;

public sealed class TypeTests
{
    private const BindingFlags Everything = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    public static TheoryData<string> Projects => [.. Solution.Projects];

    [Theory]
    [MemberData(nameof(Projects))]
    public void A_public_class_is_sealed_abstract_or_static(string project) =>
        Solution.Load(project).GetExportedTypes().Where(type => type is { IsClass: true, IsSealed: false, IsAbstract: false } && !IsGenerated(type))
            .Select(type => type.FullName).ShouldBeEmpty();

    [Fact]
    public void A_component_holds_no_database_context_no_store_and_no_connector()
    {
        var components = Solution.Load("Web").GetTypes().Where(type => type.IsAssignableTo(typeof(ComponentBase))).ToList();
        components.ShouldNotBeEmpty();
        var held = components.SelectMany(type => Held(type).Where(IsForbidden).Select(forbidden => $"{type.Name} holds {forbidden.Name}"));
        held.ShouldBeEmpty();
    }

    [Fact]
    public void Each_log_message_has_an_id_of_its_own()
    {
        var messages = Solution.Projects.Where(project => project != "Agent").SelectMany(project => Solution.Load(project).GetTypes())
            .SelectMany(type => type.GetMethods(Everything))
            .Select(method => (method, attribute: method.GetCustomAttribute<LoggerMessageAttribute>()))
            .Where(found => found.attribute is not null).ToList();
        messages.Count.ShouldBeGreaterThan(5);
        messages.GroupBy(found => found.attribute!.EventId).Where(group => group.Count() > 1)
            .Select(group => $"{group.Key}: {string.Join(", ", group.Select(found => $"{found.method.DeclaringType!.Name}.{found.method.Name}"))}")
            .ShouldBeEmpty();
    }

    // The compilers of Razor, of migrations and of top-level statements write classes that are not sealed.
    private static bool IsGenerated(Type type) =>
        type.Name is "Program" or "_Imports" ||
        type.IsAssignableTo(typeof(IComponent)) || type.IsAssignableTo(typeof(Migration)) || type.IsAssignableTo(typeof(ModelSnapshot));

    private static IEnumerable<Type> Held(Type type) =>
        type.GetProperties(Everything).Select(property => property.PropertyType)
            .Concat(type.GetFields(Everything).Select(field => field.FieldType))
            .Concat(type.GetConstructors(Everything).SelectMany(constructor => constructor.GetParameters()).Select(parameter => parameter.ParameterType))
            .SelectMany(held => held.IsGenericType ? held.GetGenericArguments().Append(held) : [held]);

    private static bool IsForbidden(Type held) =>
        held.IsAssignableTo(typeof(DbContext)) || held == typeof(IHostConnector) || held == typeof(IHostStore) || held == typeof(IPlanStore) || held == typeof(IRunStore)
        || held.Namespace?.StartsWith("Xen2Kvm.Hosts", StringComparison.Ordinal) == true;
}
