using Xunit.Sdk;
using Xunit.v3;

namespace Xen2Kvm.Lab.Tests;

/// <summary>Runs the tests of a class by name: the lab is one, and its guests are moved one after the other.</summary>
public sealed class ByName : ITestCaseOrderer
{
    public IReadOnlyCollection<TTestCase> OrderTestCases<TTestCase>(IReadOnlyCollection<TTestCase> testCases)
        where TTestCase : notnull, ITestCase => [.. testCases.OrderBy(test => test.TestCaseDisplayName, StringComparer.Ordinal)];
}
